// Imported before all else: an older Node lacks what the other modules use, and would say only that.
import process from "node:process";
import { QuicpipeError } from "./errors.ts";

const oldestMajor = 24;

/** Returns a sentence if a Node version is too old; `undefined` otherwise. */
export function versionRefusal(version: string): string | undefined {
  return Number.parseInt(version, 10) >= oldestMajor
    ? undefined
    : `quicpipe needs Node ${oldestMajor} or later, and is run by Node ${version}: install a newer one (https://nodejs.org)`;
}

const refusal = versionRefusal(process.versions.node);
if (refusal !== undefined)
  throw new QuicpipeError("ERR_QUICPIPE_NODE_UNSUPPORTED", refusal, {
    details: { version: process.versions.node },
  });
