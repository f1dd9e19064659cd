import { describe, expect, it } from "vitest";
import { KnownIds, type UsedIds } from "../../../src/forwarder/known-ids.ts";

function packet(id: number, rest = 0): Buffer {
  return Buffer.concat([Buffer.of(0x40), Buffer.alloc(8, id), Buffer.alloc(20, rest)]);
}

function client(): UsedIds {
  return { ids: [] };
}

describe("KnownIds", () => {
  it("know the first 8 bytes of what clients use", () => {
    const known = new KnownIds();
    known.note(client(), packet(1, 5));
    expect([packet(1, 6), packet(2), packet(1).subarray(0, 8)].map((each) => known.has(each))).toEqual([
      true,
      false,
      false,
    ]);
  });

  it("keep what one client uses still when another that used it has gone", () => {
    const known = new KnownIds();
    const [first, second] = [client(), client()];
    known.note(first, packet(1));
    known.note(second, packet(1));
    known.forget(first);
    expect(known.has(packet(1))).toBe(true);
    known.forget(second);
    expect(known.has(packet(1))).toBe(false);
  });

  it("keep the four that a client used last", () => {
    const known = new KnownIds();
    const user = client();
    for (const id of [1, 2, 3, 4, 1, 1, 5]) known.note(user, packet(id));
    expect([1, 2, 3, 4, 5].map((id) => known.has(packet(id)))).toEqual([true, false, true, true, true]);
    known.forget(user);
    expect([1, 3, 4, 5].some((id) => known.has(packet(id)))).toBe(false);
  });

  it("take nothing from long headers and short packets", () => {
    const known = new KnownIds();
    const user = client();
    known.note(user, Buffer.alloc(60, 0xc0));
    known.note(user, Buffer.alloc(8, 0x40));
    expect(user.ids).toEqual([]);
  });
});
