import { describe, expect, it } from "vitest";
import { SmallPieces, StrayBytes } from "../../../../src/gateway/budget/stray-bytes.ts";
import { maxStrayBytes, smallPieceBytes } from "../../../../src/defaults/index.ts";

function open(): StrayBytes {
  return new StrayBytes({ maxBytes: 1000, perSecond: 100, perSentByte: 0.1 }, 0);
}

describe("bytes that belong to no request", () => {
  it("are too many at once, or in a short time", () => {
    expect(open().look(1000, 0, 0)).toBe(false);
    expect(open().look(1001, 0, 0)).toBe(true);
    const stray = open();
    expect([600, 1000, 1400].map((bytes, i) => stray.look(bytes, 0, i * 100))).toEqual([false, false, true]);
  });

  it("are forgotten with time, but not saved up", () => {
    const stray = open();
    for (let second = 1; second <= 100; second++)
      expect(stray.look(second * 100, 0, second * 1000)).toBe(false);
    expect(stray.look(10_000, 0, 1e9)).toBe(false);
    expect(stray.look(11_001, 0, 1e9)).toBe(true);
  });

  it("are not those of use, even where these are counted a look later", () => {
    const stray = open();
    for (let i = 1; i <= 100; i++) {
      expect(stray.look(i * 800, 0, 0)).toBe(false);
      stray.use(800);
    }
  });

  it("are not those of use that came before they were counted, but for no more than were read meanwhile", () => {
    const stray = open();
    stray.use(5000);
    expect(stray.look(0, 0, 0, 2000)).toBe(false);
    expect(stray.look(3000, 0, 0)).toBe(false);
    expect(stray.look(3001, 0, 0)).toBe(true);
  });

  it("are not those that tell what the client took of what it was sent, though that is long ago", () => {
    const stray = open();
    expect(stray.look(0, 10_000, 0)).toBe(false);
    expect(stray.look(1500, 10_000, 0)).toBe(false);
    expect(stray.look(2000, 10_000, 0)).toBe(false);
    expect(stray.look(2001, 10_000, 0)).toBe(true);
  });

  it("are as many as ever, however much was sent", () => {
    const stray = open();
    stray.look(0, 1e9, 0);
    expect(stray.look(2001, 1e9, 0)).toBe(true);
  });

  it("are not those that came before a skip", () => {
    const stray = open();
    stray.look(900, 0, 0);
    stray.skip(50_000);
    expect(stray.look(50_100, 0, 0)).toBe(false);
    expect(stray.look(50_101, 0, 0)).toBe(true);
  });
});

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
