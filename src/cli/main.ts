#!/usr/bin/env -S node --max-semi-space-size=8 --heap-growing-percent=20
import { versionRefusal } from "./node-version.ts";

// Imports the rest only after the check: an older Node cannot even load it.
const refusal = versionRefusal(process.versions.node);
if (refusal === undefined) await (await import("./cli.ts")).run();
else {
  process.stderr.write(`quicpipe: ${refusal}\n`);
  process.exitCode = 1;
}
