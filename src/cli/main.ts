#!/usr/bin/env -S node --max-semi-space-size=8 --heap-growing-percent=20
import process from "node:process";
import { isQuicpipeError } from "../errors.ts";

try {
  // The check comes first, by itself: an older Node cannot even load the rest.
  await import("../node-version.ts");
  await (await import("./cli.ts")).run();
} catch (error) {
  if (!isQuicpipeError(error, "ERR_QUICPIPE_NODE_UNSUPPORTED")) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
