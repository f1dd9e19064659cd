import { describe, expect, it } from "vitest";
import type { NativeHandle } from "../../../../src/forwarder/native/addon.ts";
import { Orphans } from "../../../../src/forwarder/native/orphans.ts";

const accountWords = 16;
const expiryWord = 8;

/** A handle whose sessions have ids from 0 and end at these times; the connection ID's first byte is the session. */
function orphansThatEnd(...expiresAtNs: bigint[]): { readonly orphans: Orphans; readonly closed: number[] } {
  const closed: number[] = [];
  const accounts = new BigUint64Array(expiresAtNs.length * accountWords);
  expiresAtNs.forEach((atNs, id) => (accounts[id * accountWords + expiryWord] = atNs));
  const handle: Pick<NativeHandle, "accounts" | "openSessions" | "sessionOf" | "closeSession"> = {
    accounts,
    openSessions: [...expiresAtNs.keys()],
    sessionOf: (cid) => (cid[0]! < expiresAtNs.length ? cid[0]! : -1),
    closeSession: (id) => void closed.push(id),
  };
  return { orphans: new Orphans(handle as NativeHandle), closed };
}

const cid = (first: number): Uint8Array => new Uint8Array(12).fill(first);

describe("Orphans", () => {
  it("are handed over once, to who knows their connection ID", () => {
    const { orphans, closed } = orphansThatEnd(10n, 20n);
    expect([orphans.claim(cid(7)), orphans.claim(cid(1)), orphans.claim(cid(1))]).toEqual([
      undefined,
      1,
      undefined,
    ]);
    expect([orphans.size, closed]).toEqual([1, []]);
  });

  it("end when their time is over, and not while they are in somebody's hands", () => {
    const { orphans, closed } = orphansThatEnd(30n, 10n, 20n, 15n);
    orphans.claim(cid(3));
    orphans.sweep(20n, 100);
    expect([closed, orphans.size]).toEqual([[1, 2], 1]);
    orphans.sweep(29n, 100);
    expect(orphans.size).toBe(1);
  });

  it("end a few at a time, so that a sweep stays short", () => {
    const { orphans, closed } = orphansThatEnd(1n, 2n, 3n);
    orphans.sweep(9n, 2);
    expect(closed).toEqual([0, 1]);
    orphans.sweep(9n, 2);
    expect(closed).toEqual([0, 1, 2]);
  });

  it("make room, those first that would end first", () => {
    const { orphans, closed } = orphansThatEnd(30n, 10n);
    orphans.endOne();
    orphans.endOne();
    orphans.endOne();
    expect(closed).toEqual([1, 0]);
  });
});
