import { describe, expect, it } from "vitest";
import { firstProof, takeProof } from "../../../src/registry/address-proof.ts";

const here = { address: "203.0.113.7", port: 1111 };
const there = { address: "2001:db8::1", port: 2222 };

describe("takeProof", () => {
  it("takes the address of a proof that is as new as what is known, or newer", () => {
    for (const atMs of [1000, 1001])
      expect(takeProof(firstProof({ address: here, atMs: 1000 }), { address: there, atMs })).toEqual({
        turn: "moved",
        address: there,
        provenAtMs: atMs,
      });
  });

  it("takes nothing from an older one, such as a request whose body came late", () => {
    const known = { turn: "none", address: here, provenAtMs: 1000 };
    expect(takeProof(firstProof({ address: here, atMs: 1000 }), { address: there, atMs: 999 })).toEqual(
      known,
    );
    expect(takeProof(firstProof({ address: here, atMs: 1000 }), null)).toEqual(known);
  });

  it("takes one of the same millisecond as a nonce, which tells parts of it", () => {
    const known = firstProof({ address: here, atMs: 1000.5 });
    expect(takeProof(known, { address: there, atMs: 1000 })).toMatchObject({
      address: there,
      provenAtMs: 1000.5,
    });
  });
});
