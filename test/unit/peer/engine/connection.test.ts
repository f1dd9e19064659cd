import { describe, expect, it } from "vitest";
import type { AddonConnection } from "../../../../src/peer/engine/addon.ts";
import { NoqConnection } from "../../../../src/peer/engine/connection.ts";

const bytes = new Uint8Array(10);

function over(addon: Partial<AddonConnection>): NoqConnection {
  return new NoqConnection(addon as AddonConnection);
}

describe("the numbers of the addon", () => {
  it.each([
    [0, { bytes: 0, fin: false }],
    [1, { bytes: 0, fin: true }],
    [20, { bytes: 10, fin: false }],
    [21, { bytes: 10, fin: true }],
    [-1, undefined],
    [-2, undefined],
    [-3, { abortedWith: 0 }],
    [-10, { abortedWith: 7 }],
    [-3 - 0xffff_ffff, { abortedWith: 0xffff_ffff }],
  ])("say what a read came to (%i)", (number, result) => {
    expect(over({ streamRead: () => number }).streamReceive(0, bytes)).toEqual(result);
  });

  it.each([
    [0, 0],
    [20, 10],
    [21, 10],
    [-1, undefined],
    [-2, undefined],
    [-12, { abortedWith: 9 }],
  ])("say what a write came to (%i)", (number, result) => {
    expect(over({ streamWrite: () => number }).streamSend(0, bytes, true)).toEqual(result);
  });

  it("say that there is no stream, no deadline, no datagram, no end and no figures yet", () => {
    const connection = over({
      openStream: () => -1,
      acceptStream: () => -1,
      timeoutMs: () => -1,
      datagramsReceive: () => 0,
      datagramsDropped: () => 0,
      end: () => null,
      stats: () => null,
      send: () => 0,
    });
    expect(connection.openStream("bidirectional")).toBeUndefined();
    expect(connection.acceptStream("unidirectional")).toBeUndefined();
    expect(connection.timeoutMs()).toBeUndefined();
    expect(connection.datagramsReceive()).toEqual([]);
    expect(connection.end()).toBeUndefined();
    expect(connection.stats().packetsSent).toBe(0);
    expect(connection.send(bytes)).toBe(0);
  });

  it("tell a datagram's length from its path", () => {
    const sent = [3 * 65_536 + 1200, 0xffff_ffff * 65_536 + 65_535, 0];
    const connection = over({ send: () => sent.shift()! });
    expect([connection.send(bytes), connection.sentPath]).toEqual([1200, 3]);
    expect([connection.send(bytes), connection.sentPath]).toEqual([65_535, 0xffff_ffff]);
    expect([connection.send(bytes), connection.sentPath]).toEqual([0, 0xffff_ffff]);
  });

  it.each([
    [7, 7],
    [-1, "no-multipath"],
    [-2, "server"],
    [-3, "limit"],
    [-4, "no-connection-ids"],
  ])("say whether a path is opened (%i)", (number, result) => {
    expect(over({ openPath: () => number }).openPath(false)).toBe(result);
  });

  it("tell the directions of streams apart", () => {
    const calls: unknown[] = [];
    const connection = over({
      allowStreams: (...args) => void calls.push(["allow", ...args]),
      streamReset: (...args) => void calls.push(["reset", ...args]),
      streamStop: (...args) => void calls.push(["stop", ...args]),
      openStream: (isBidirectional) => Number(isBidirectional),
    });
    connection.streamAbort(4, "write", 1);
    connection.streamAbort(4, "read", 2);
    connection.allowStreams("bidirectional", 9);
    connection.allowStreams("unidirectional", 8);
    expect(calls).toEqual([
      ["reset", 4, 1],
      ["stop", 4, 2],
      ["allow", true, 9],
      ["allow", false, 8],
    ]);
    expect([connection.openStream("bidirectional"), connection.openStream("unidirectional")]).toEqual([1, 0]);
  });
});
