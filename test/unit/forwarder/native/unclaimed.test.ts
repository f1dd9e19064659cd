import { describe, expect, it } from "vitest";
import type { NativeHandle } from "../../../../src/forwarder/native/addon.ts";
import { UnclaimedSessions } from "../../../../src/forwarder/native/unclaimed.ts";

const stateWords = 16;
const expiryWord = 8;

/** A handle whose sessions have ids from 0 and end at these times; the connection ID's first byte is the session. */
function unclaimedThatEnd(...expiresAtNs: bigint[]): {
  readonly unclaimed: UnclaimedSessions;
  readonly closed: number[];
} {
  const closed: number[] = [];
  const states = new BigUint64Array(expiresAtNs.length * stateWords);
  expiresAtNs.forEach((atNs, id) => (states[id * stateWords + expiryWord] = atNs));
  const handle: Pick<NativeHandle, "states" | "openSessions" | "sessionOf" | "closeSession"> = {
    states,
    openSessions: [...expiresAtNs.keys()],
    sessionOf: (cid) => (cid[0]! < expiresAtNs.length ? cid[0]! : -1),
    closeSession: (id) => void closed.push(id),
  };
  return { unclaimed: new UnclaimedSessions(handle as NativeHandle), closed };
}

const cid = (first: number): Uint8Array => new Uint8Array(12).fill(first);

describe("UnclaimedSessions", () => {
  it("are handed over once, to who knows their connection ID", () => {
    const { unclaimed, closed } = unclaimedThatEnd(10n, 20n);
    expect([unclaimed.claim(cid(7)), unclaimed.claim(cid(1)), unclaimed.claim(cid(1))]).toEqual([
      undefined,
      1,
      undefined,
    ]);
    expect([unclaimed.size, closed]).toEqual([1, []]);
  });

  it("end when their time is over, and not while they are in somebody's hands", () => {
    const { unclaimed, closed } = unclaimedThatEnd(30n, 10n, 20n, 15n);
    unclaimed.claim(cid(3));
    unclaimed.sweep(20n, 100);
    expect([closed, unclaimed.size]).toEqual([[1, 2], 1]);
    unclaimed.sweep(29n, 100);
    expect(unclaimed.size).toBe(1);
  });

  it("end a few at a time, so that a sweep stays short", () => {
    const { unclaimed, closed } = unclaimedThatEnd(1n, 2n, 3n);
    unclaimed.sweep(9n, 2);
    expect(closed).toEqual([0, 1]);
    unclaimed.sweep(9n, 2);
    expect(closed).toEqual([0, 1, 2]);
  });

  it("make room, those first that would end first", () => {
    const { unclaimed, closed } = unclaimedThatEnd(30n, 10n);
    unclaimed.endOne();
    unclaimed.endOne();
    unclaimed.endOne();
    expect(closed).toEqual([1, 0]);
  });
});
