import { describe, expect, it } from "vitest";
import { halfSipHash } from "../../../src/forwarder/half-sip-hash.ts";

describe("halfSipHash", () => {
  it("gives the reference implementation's vector for the message 00 01 … 0b under the key 00 01 … 07", () => {
    const out = Buffer.alloc(4);
    out.writeInt32LE(halfSipHash(0x03020100, 0x07060504, 0x03020100, 0x07060504, 0x0b0a0908));
    expect(out.toString("hex")).toBe("57f0872f");
  });

  it("changes with every bit of key and message", () => {
    const words = [1, 2, 3, 4, 5] as const;
    const hashes = new Set([halfSipHash(...words)]);
    for (let word = 0; word < 5; word++)
      for (let bit = 0; bit < 32; bit++) {
        const changed = [...words] as [number, number, number, number, number];
        changed[word]! ^= 1 << bit;
        hashes.add(halfSipHash(...changed));
      }
    expect(hashes.size).toBe(1 + 5 * 32);
  });
});
