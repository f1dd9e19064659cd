import { describe, expect, it } from "vitest";
import { KnownIds, type UsedIds } from "../../../../src/forwarder/splice/known-ids.ts";

function packet(id: number, rest = 0): Buffer {
  return Buffer.concat([Buffer.of(0x40), Buffer.alloc(8, id), Buffer.alloc(20, rest)]);
}

function client(connection = "first"): UsedIds & { readonly connection: string } {
  return { ids: [], connection };
}

describe("KnownIds", () => {
  it("know the first 8 bytes of what clients use", () => {
    const known = new KnownIds<string>();
    known.note(client(), packet(1, 5));
    expect(
      [packet(1, 6), packet(2), packet(1).subarray(0, 8)].map((each) => known.connectionOf(each)),
    ).toEqual(["first", undefined, undefined]);
  });

  it("keep what one client uses still when another that used it has gone", () => {
    const known = new KnownIds<string>();
    const [first, second] = [client(), client()];
    known.note(first, packet(1));
    known.note(second, packet(1));
    known.forget(first);
    expect(known.connectionOf(packet(1))).toBe("first");
    known.forget(second);
    expect(known.connectionOf(packet(1))).toBeUndefined();
  });

  it("leave an ID to the connection that came first with it", () => {
    const known = new KnownIds<string>();
    const [first, second] = [client(), client("second")];
    for (const each of [first, second]) known.note(each, packet(1));
    expect(second.ids).toEqual([]);
    expect(known.connectionOf(packet(1))).toBe("first");
    known.forget(first);
    known.note(second, packet(1));
    expect(known.connectionOf(packet(1))).toBe("second");
  });

  it("keep the four that a client used last", () => {
    const known = new KnownIds<string>();
    const user = client();
    for (const id of [1, 2, 3, 4, 1, 1, 5]) known.note(user, packet(id));
    expect([1, 2, 3, 4, 5].map((id) => known.connectionOf(packet(id)) !== undefined)).toEqual([
      true,
      false,
      true,
      true,
      true,
    ]);
    known.forget(user);
    expect([1, 3, 4, 5].some((id) => known.connectionOf(packet(id)) !== undefined)).toBe(false);
  });

  it("take nothing from long headers and short packets", () => {
    const known = new KnownIds<string>();
    const user = client();
    known.note(user, Buffer.alloc(60, 0xc0));
    known.note(user, Buffer.alloc(8, 0x40));
    expect(user.ids).toEqual([]);
  });
});
