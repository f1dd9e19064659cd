import { readFileSync } from "node:fs";
import { blake2b } from "@noble/hashes/blake2.js";
import { describe, expect, it } from "vitest";
import {
  deriveConnectionId,
  deriveConnectionIds,
  unpackConnectionIds,
} from "../../../src/wire/connection-id.ts";

interface Vectors {
  readonly cases: readonly { readonly keyHex: string; readonly cids: Readonly<Record<string, string>> }[];
}

const vectors: Vectors = JSON.parse(
  readFileSync(new URL("../../fixtures/cids.json", import.meta.url), "utf8"),
);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe("connection IDs", () => {
  for (const { keyHex, cids } of vectors.cases)
    it(`derives those of the ${keyHex.length / 2}-byte key ${keyHex.slice(0, 8)}…`, () => {
      const key = Buffer.from(keyHex, "hex");
      const derived = Object.keys(cids).map((n) => [n, hex(deriveConnectionId(key, Number(n)))]);
      expect(Object.fromEntries(derived)).toEqual(cids);
    });

  it("packs a range back to back and unpacks it again", () => {
    const key = Buffer.alloc(16, 7);
    const packed = deriveConnectionIds(key, 3, 6);
    expect(packed).toHaveLength(4 * 12);
    expect(Array.from(unpackConnectionIds(packed), hex)).toEqual(
      [3, 4, 5, 6].map((n) => hex(deriveConnectionId(key, n))),
    );
  });

  it("hashes each counter whole, also where its first byte changes", () => {
    const key = Buffer.alloc(32, 9);
    const wanted = [0xff_fffe, 0xff_ffff, 0x100_0000, 0x100_0001].map((n) => {
      const counter = Buffer.alloc(4);
      counter.writeUInt32BE(n);
      const cid = blake2b(counter, { key, dkLen: 12 });
      return hex(Uint8Array.of(cid[0]! & 0x7f, ...cid.subarray(1)));
    });
    expect(Array.from(unpackConnectionIds(deriveConnectionIds(key, 0xff_fffe, 0x100_0001)), hex)).toEqual(
      wanted,
    );
  });

  it("never sets the top bit of the first byte", () => {
    const packed = deriveConnectionIds(Buffer.alloc(32, 1), 1, 200);
    expect(Array.from(unpackConnectionIds(packed)).filter((cid) => cid[0]! >= 0x80)).toEqual([]);
  });
});
