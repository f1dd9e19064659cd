import { describe, expect, it } from "vitest";
import * as defaults from "../../../../src/defaults/index.ts";
import { Budget } from "../../../../src/gateway/budget/budget.ts";
import type { QuicConnection } from "../../../../src/gateway/http3/quic-connection.ts";
import { UnseenBytes } from "../../../../src/gateway/http3/unseen-bytes.ts";

function bench() {
  const traffic = { bytesIn: 5000, bytesOut: 0, sentPieces: 0 };
  const budget = new Budget();
  const connection = {
    getMetrics: () => ({ ...traffic }),
    get sentPieces() {
      return traffic.sentPieces;
    },
  } as unknown as QuicConnection;
  const share = budget.connect("192.0.2.1")!;
  return { traffic, budget, connection: share, unseen: new UnseenBytes(connection, share, 0) };
}

/** What there is room for on a connection. */
const roomBytes = defaults.maxConnectionBytes / defaults.strayByteCost + defaults.freeStrayBytes;

describe("what no request has got of a connection's bytes", () => {
  it("counts, but for a little, until there is no room for it", () => {
    const { traffic, budget, unseen } = bench();
    traffic.bytesIn += defaults.freeStrayBytes;
    expect(unseen.look(0)).toEqual({ isAny: false, hasRoom: true });
    traffic.bytesIn += 1000;
    expect(unseen.look(0)).toEqual({ isAny: true, hasRoom: true });
    expect(budget.stats().unreadBytes).toBe(1000 * defaults.strayByteCost);
    traffic.bytesIn += roomBytes;
    expect(unseen.look(0)).toEqual({ isAny: true, hasRoom: false });
    expect(budget.stats().refused).toEqual({ "unread-connection": 1 });
  });

  it("is not what a body brought, nor what tells that an answer was taken", () => {
    const { traffic, unseen } = bench();
    traffic.bytesIn += 1.1 * 10 * roomBytes;
    unseen.useBody(10 * roomBytes);
    traffic.bytesOut += 10 * roomBytes;
    traffic.bytesIn += roomBytes / 4;
    expect(unseen.look(0)).toEqual({ isAny: false, hasRoom: true });
  });

  it("is given back to the last byte", () => {
    const { traffic, budget, connection, unseen } = bench();
    for (let nowMs = 1; nowMs <= 100; nowMs += 0.7) {
      traffic.bytesIn += 1000;
      unseen.look(nowMs);
    }
    expect(budget.stats().unreadBytes).toBeGreaterThan(0);
    expect(Number.isInteger(budget.stats().unreadBytes)).toBe(true);
    connection.close();
    expect(budget.stats().unreadBytes).toBe(0);
  });

  it("is not what acknowledges many small pieces", () => {
    const { traffic, unseen } = bench();
    for (let nowMs = 0; nowMs < 1000; nowMs++) {
      traffic.sentPieces += 4;
      traffic.bytesOut += 160;
      traffic.bytesIn += 4 * 45;
      expect(unseen.look(nowMs)).toEqual({ isAny: false, hasRoom: true });
    }
  });

  it("counts less for as much as came of bodies lately, and no more after a while", () => {
    const { traffic, unseen } = bench();
    traffic.bytesIn += 4 * roomBytes;
    unseen.useBody(2 * roomBytes);
    expect(unseen.look(0)).toEqual({ isAny: false, hasRoom: true });
    for (const atMs of [1, 2]) unseen.look(atMs * defaults.lateBytesMs);
    traffic.bytesIn += 1000;
    expect(unseen.look(3 * defaults.lateBytesMs)).toEqual({ isAny: true, hasRoom: false });
  });
});
