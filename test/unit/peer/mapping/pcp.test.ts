import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  encodePcpAnnounce,
  encodePcpMap,
  parsePcpAnnounceAnswer,
  parsePcpMapAnswer,
} from "../../../../src/peer/mapping/pcp.ts";
import { hex } from "./bytes.ts";

const nonce = hex("000102030405060708090a0b");
const mapping = { nonce, internalPort: 4433 };

/** The layouts of RFC 6887 §7.1, §7.2 and figure 9 of §11.1. */
const request = `
  02 01 0000 00001c20  00000000 00000000 0000ffff c0a80102
  000102030405060708090a0b  11 000000 1151 d431  00000000 00000000 0000ffff cb007109`;
const answer = `
  02 81 00 00 00001c20 0001e240  00000000 00000000 00000000
  000102030405060708090a0b  11 000000 1151 d431  00000000 00000000 0000ffff cb007109`;
const address = { address: "203.0.113.9", port: 54_321 };

/** The answer, with other bytes at a place. */
function changed(at: number, ...bytes: number[]): Uint8Array {
  const copy = hex(answer);
  copy.set(bytes, at);
  return copy;
}

describe("a MAP request", () => {
  it("has the layout of RFC 6887, with IPv4 addresses in their mapped form", () => {
    const encoded = encodePcpMap({
      ...mapping,
      clientAddress: "192.168.1.2",
      lifetimeSeconds: 7200,
      suggested: address,
    });
    expect(encoded).toEqual(hex(request));
  });

  it("names no address and no port where it suggests none", () => {
    const encoded = encodePcpMap({ ...mapping, clientAddress: "192.168.1.2", lifetimeSeconds: 0 });
    expect(encoded.subarray(4, 8)).toEqual(hex("00000000"));
    expect(encoded.subarray(42)).toEqual(hex("0000 00000000 00000000 0000ffff 00000000"));
  });
});

describe("the answer to a MAP request", () => {
  it("tells the address, the lifetime and the epoch", () => {
    const granted = { kind: "granted", epochSeconds: 123_456, lifetimeSeconds: 7200, address };
    expect(parsePcpMapAnswer(hex(answer), mapping)).toEqual(granted);
    // With an option behind it, as is allowed (§7.3).
    expect(parsePcpMapAnswer(hex(`${answer} 80000000`), mapping)).toEqual(granted);
  });

  it.each([
    [2, "not-authorized"],
    [4, "refused"],
    [7, "no-external-address"],
    [8, "no-resources"],
    [10, "no-resources"],
    [12, "nat-before-router"],
    [200, "refused"],
  ])("that has the code %i says why: %s", (code, reason) => {
    expect(parsePcpMapAnswer(changed(3, code), mapping)).toEqual({
      kind: "refused",
      epochSeconds: 123_456,
      reason,
    });
  });

  it.each([
    ["without an address", changed(56, 0, 0, 0, 0)],
    ["with a loopback address", changed(56, 127, 0, 0, 1)],
    ["with a multicast address", changed(56, 224, 0, 0, 1)],
    ["with an IPv6 address", changed(44, 0x20, 0x01)],
    ["without a port", changed(42, 0, 0)],
    ["that has ended already", changed(4, 0, 0, 0, 0)],
  ])("is a refusal if the mapping is one %s", (_, bytes) => {
    expect(parsePcpMapAnswer(bytes, mapping)).toMatchObject({
      kind: "refused",
      reason: "no-external-address",
    });
  });

  it.each([
    ["another nonce", changed(24, 1)],
    ["another port", changed(41, 0x52)],
    ["another protocol", changed(36, 6)],
    ["another opcode", changed(1, 0x82)],
    ["a request's opcode", changed(1, 1)],
    ["another version and success", changed(0, 1)],
    ["a length that is no multiple of four", hex(`${answer} 80`)],
    ["a part missing", hex(answer).subarray(0, 56)],
  ])("does not count with %s", (_, bytes) => {
    expect(parsePcpMapAnswer(bytes, mapping)).toBeUndefined();
  });

  it.each([
    ["NAT-PMP", "00 81 0001 0001e240"],
    ["NAT-PMP, which has repeated our opcode", "00 80 0001 0001e240"],
    ["version 1 of PCP", "01 81 00 01 00000000 0001e240 00000000 00000000 00000000"],
  ])("says that the router speaks %s", (_, bytes) => {
    expect(parsePcpMapAnswer(hex(bytes), mapping)).toEqual({ kind: "unsupported-version" });
    expect(parsePcpAnnounceAnswer(hex(bytes))).toEqual({ kind: "unsupported-version" });
  });

  it("is never more than that, whatever bytes come", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const kind = parsePcpMapAnswer(bytes, mapping)?.kind;
        expect([undefined, "unsupported-version"]).toContain(kind);
      }),
    );
  });

  it("names an IPv4 address and a port whenever it grants, whatever bytes have changed", () => {
    const change = fc.tuple(fc.nat(59), fc.uint8Array({ minLength: 1, maxLength: 1 }));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 8 }), (changes) => {
        const bytes = hex(answer);
        for (const [at, [byte]] of changes) bytes[at] = byte!;
        const parsed = parsePcpMapAnswer(bytes, mapping);
        if (parsed?.kind !== "granted") return;
        expect(parsed.address.address).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
        expect(parsed.address.port).toBeGreaterThan(0);
        expect(parsed.lifetimeSeconds).toBeGreaterThan(0);
      }),
    );
  });
});

describe("ANNOUNCE", () => {
  it("has the layout of RFC 6887", () => {
    expect(encodePcpAnnounce("192.168.1.2")).toEqual(
      hex("02 00 0000 00000000  00000000 00000000 0000ffff c0a80102"),
    );
  });

  it("is answered by the epoch, even where the router refuses it", () => {
    const bytes = "0001e240 00000000 00000000 00000000";
    const state = { kind: "state", epochSeconds: 123_456 };
    expect(parsePcpAnnounceAnswer(hex(`02 80 00 00 00000000 ${bytes}`))).toEqual(state);
    expect(parsePcpAnnounceAnswer(hex(`02 80 00 02 00000000 ${bytes}`))).toEqual(state);
    expect(parsePcpAnnounceAnswer(hex(answer))).toBeUndefined();
  });
});
