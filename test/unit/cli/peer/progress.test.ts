import { describe, expect, it } from "vitest";
import { formatProgress, showProgress } from "../../../../src/cli/peer/progress.ts";

describe("formatProgress", () => {
  it("tells the rate since the last report, both directions together", () => {
    const before = { sentBytes: 0, receivedBytes: 1_000_000, elapsedMs: 1000 };
    const now = { sentBytes: 2_000_000, receivedBytes: 2_000_000, elapsedMs: 3000 };
    expect(formatProgress(now, before)).toBe("sent 2.00 MB, received 2.00 MB, 1.50 MB/s, 3 s");
  });

  it("tells no rate before time has passed", () => {
    const start = { sentBytes: 0, receivedBytes: 0, elapsedMs: 0 };
    expect(formatProgress(start, start)).toBe("sent 0 B, received 0 B, 0 B/s, 0 s");
  });
});

/** What the progress line leaves on a terminal. */
function shownBeside(input: { isTTY: boolean }): string {
  let shown = "";
  const output = { isTTY: true, write: (text: string | Uint8Array) => (shown += text) !== "" };
  showProgress(input, output, () => ({ sentBytes: 1, receivedBytes: 2 })).close();
  return shown;
}

it("the progress line leaves a terminal to what is typed there", () => {
  expect(shownBeside({ isTTY: false })).toContain("sent 1 B, received 2 B");
  expect(shownBeside({ isTTY: true })).toBe("");
});
