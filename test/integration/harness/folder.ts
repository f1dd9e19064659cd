import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A folder of the test's own, below the system's for temporary files unless said; removed when the test ends. */
export function temporaryFolder(below: string = tmpdir()): string {
  const folder = mkdtempSync(join(below, "quicpipe-"));
  // What is killed with the test may be writing yet.
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}
