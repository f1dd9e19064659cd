#!/usr/bin/env -S node --max-semi-space-size=8 --heap-growing-percent=20
import { versionRefusal } from "./node-version.ts";

// Imports the rest only after the check: an older Node cannot even load it.
const refusal = versionRefusal(process.versions.node);
if (refusal === undefined) await import("./cli.ts").then(({ run }) => run(), refuseToLoad);
else refuse(refusal);

/** A file of the package is missing, or the system has none to open any more. */
function refuseToLoad(error: unknown): void {
  refuse(`it cannot be loaded: ${error instanceof Error ? error.message : String(error)}`);
}

function refuse(why: string): void {
  process.stderr.write(`quicpipe: ${why}\n`);
  process.exitCode = 1;
}
