import { describe, expect, it } from "vitest";
import * as defaults from "../../../../src/defaults/index.ts";
import { Budget } from "../../../../src/gateway/budget/budget.ts";
import type { QuicConnection } from "../../../../src/gateway/http3/quic-connection.ts";
import { UnseenBytes } from "../../../../src/gateway/http3/unseen-bytes.ts";

/** A connection with 5000 bytes of handshake. */
function connect(windowBytes: number = defaults.http3WindowBytes) {
  const traffic = { bytesIn: 5000, bytesOut: 0, sentPieces: 0 };
  const budget = new Budget();
  const connection = {
    getMetrics: () => ({ ...traffic }),
    get sentPieces() {
      return traffic.sentPieces;
    },
  } as unknown as QuicConnection;
  const share = budget.connect("192.0.2.1")!;
  const unseen = new UnseenBytes(connection, share, windowBytes, 0);
  /** Looks until everything that has arrived is judged. */
  const judge = (nowMs: number) => {
    unseen.look(nowMs);
    return unseen.look(nowMs);
  };
  return { traffic, budget, connection: share, unseen, judge };
}

/** Unseen bytes that there is room for. */
const roomBytes = defaults.maxConnectionBytes / defaults.strayByteCost + defaults.freeStrayBytes;

describe("the bytes of a connection that no request has received", () => {
  it("are counted above a small number, until there is no room for them", () => {
    const { traffic, budget, judge } = connect();
    traffic.bytesIn += defaults.freeStrayBytes;
    expect(judge(0)).toEqual({ isAny: false, hasRoom: true });
    traffic.bytesIn += 1000;
    expect(judge(0)).toEqual({ isAny: true, hasRoom: true });
    expect(budget.stats().unreadBytes).toBe(1000 * defaults.strayByteCost);
    traffic.bytesIn += roomBytes;
    expect(judge(0)).toEqual({ isAny: true, hasRoom: false });
    expect(budget.stats().refused).toEqual({ "unread-connection": 1 });
  });

  it("do not include those that the library has counted and not yet reported", () => {
    const { traffic, budget, unseen } = connect();
    traffic.bytesIn += 10 * roomBytes;
    expect(unseen.look(0)).toEqual({ isAny: false, hasRoom: true });
    expect(budget.stats().unreadBytes).toBe(0);
    unseen.useBody(10 * roomBytes);
    expect(unseen.look(0)).toEqual({ isAny: false, hasRoom: true });
  });

  it("do not include those that were reported before the look that counts them", () => {
    const { traffic, unseen, judge } = connect();
    unseen.look(0);
    traffic.bytesIn += 10 * roomBytes;
    unseen.use(10 * roomBytes);
    expect(judge(0)).toEqual({ isAny: false, hasRoom: true });
  });

  it("are not excused by what a request received of bytes long judged", () => {
    const { traffic, unseen, judge } = connect();
    unseen.use(10 * roomBytes);
    judge(0);
    traffic.bytesIn += 2 * roomBytes;
    expect(judge(0)).toEqual({ isAny: true, hasRoom: false });
  });

  it.each([1, 7, 100])(
    "may be a whole window of %i times the usual bytes, held up by a lost packet",
    (times) => {
      const windowBytes = times * defaults.http3WindowBytes;
      const { traffic, budget, connection, judge } = connect(windowBytes);
      traffic.bytesIn += windowBytes;
      expect(judge(0)).toEqual({ isAny: true, hasRoom: true });
      expect(connection.open(0)).toBeDefined();
      expect(budget.stats().refused).toEqual({});
    },
  );

  it("do not include those of a body, nor acknowledgements of a response", () => {
    const { traffic, unseen, judge } = connect();
    traffic.bytesIn += 1.1 * 10 * roomBytes;
    unseen.useBody(10 * roomBytes);
    traffic.bytesOut += 10 * roomBytes;
    traffic.bytesIn += roomBytes / 4;
    expect(judge(0)).toEqual({ isAny: false, hasRoom: true });
  });

  it("are given back to the last byte", () => {
    const { traffic, budget, connection, unseen } = connect();
    for (let nowMs = 1; nowMs <= 100; nowMs += 0.7) {
      traffic.bytesIn += 1000;
      unseen.look(nowMs);
    }
    expect(budget.stats().unreadBytes).toBeGreaterThan(0);
    expect(Number.isInteger(budget.stats().unreadBytes)).toBe(true);
    connection.close();
    expect(budget.stats().unreadBytes).toBe(0);
  });

  it("do not include acknowledgements of many small pieces", () => {
    const { traffic, unseen } = connect();
    for (let nowMs = 0; nowMs < 1000; nowMs++) {
      traffic.sentPieces += 4;
      traffic.bytesOut += 160;
      traffic.bytesIn += 4 * 45;
      expect(unseen.look(nowMs)).toEqual({ isAny: false, hasRoom: true });
    }
  });

  it("count less for as many as a body recently brought, until a while later", () => {
    const { traffic, unseen, judge } = connect();
    traffic.bytesIn += 4 * roomBytes;
    unseen.useBody(2 * roomBytes);
    expect(judge(0)).toEqual({ isAny: false, hasRoom: true });
    for (const atMs of [1, 2]) unseen.look(atMs * defaults.lateBytesMs);
    traffic.bytesIn += 1000;
    expect(judge(3 * defaults.lateBytesMs)).toEqual({ isAny: true, hasRoom: false });
  });
});
