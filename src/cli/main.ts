#!/usr/bin/env -S node --max-semi-space-size=8 --heap-growing-percent=20
import process from "node:process";
import { isQuicpipeError } from "../errors.ts";

try {
  // The check comes first, by itself: an older Node cannot even load the rest.
  await import("../node-version.ts");
  await import("./cli.ts").then(({ run }) => run(), refuseToLoad);
} catch (error) {
  if (!isQuicpipeError(error, "ERR_QUICPIPE_NODE_UNSUPPORTED")) throw error;
  refuse(error.message);
}

/** A file of the package is missing, or the system has none to open any more. */
function refuseToLoad(error: unknown): void {
  refuse(`quicpipe: it cannot be loaded: ${error instanceof Error ? error.message : String(error)}`);
}

function refuse(why: string): void {
  process.stderr.write(`${why}\n`);
  process.exitCode = 1;
}
