import { describe, expect, it } from "vitest";
import { formatProgress } from "../../../../src/cli/peer/progress.ts";

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
