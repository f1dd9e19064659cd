import { describe, expect, it } from "vitest";
import { maxStrayBytes, smallPieceBytes } from "../../../../src/defaults/index.ts";
import { SmallPieces } from "../../../../src/gateway/budget/small-pieces.ts";

/** Returns the number of pieces of this length that a connection may send, one every `intervalMs`, at most `max`. */
function sendable(bytes: number, intervalMs: number, max: number, pieces = new SmallPieces(0)): number {
  let sent = 0;
  while (sent < max && pieces.take(bytes, sent * intervalMs)) sent++;
  return sent;
}

describe("small pieces of bodies", () => {
  it("are too many if a thousand come at once", () => {
    expect(sendable(1, 0, 10_000)).toBe(Math.floor(maxStrayBytes / (smallPieceBytes - 1)));
  });

  it("may come at 32 a second for as long as one likes", () => {
    expect(sendable(1, 1000 / 32, 100_000)).toBe(100_000);
    expect(sendable(1, 1000 / 64, 100_000)).toBeLessThan(3000);
  });

  it("cost less, the less they lack", () => {
    expect(sendable(smallPieceBytes - 1, 0, 100_000)).toBe(100_000);
    expect(sendable(smallPieceBytes / 2, 0, 10_000)).toBe(maxStrayBytes / (smallPieceBytes / 2));
  });

  it("are paid for by larger ones, as in an upload whose frames the library cuts anywhere", () => {
    const pieces = new SmallPieces(0);
    for (let i = 0; i < 100_000; i++) {
      expect(pieces.take(1000, 0)).toBe(true);
      expect(pieces.take(1, 0)).toBe(true);
    }
  });

  it("are paid for by no more than as many larger ones as the limit allows small ones", () => {
    const pieces = new SmallPieces(0);
    for (let i = 0; i < 1000; i++) pieces.take(1 << 20, 0);
    expect(sendable(1, 0, 10_000, pieces)).toBeLessThanOrEqual(
      Math.ceil((2 * maxStrayBytes) / (smallPieceBytes - 1)),
    );
  });
});
