import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeVarint, parseVarint, VarintReader } from "../../../src/wire/varint.ts";

/** The examples of RFC 9000 §A.1. */
const examples = [
  ["c2197c5eff14e88c", Number(151_288_809_941_952_652n), 8],
  ["9d7f3e7d", 494_878_333, 4],
  ["7bbd", 15_293, 2],
  ["25", 37, 1],
] as const;

/** What a reader says to each byte. */
function readAll(bytes: Uint8Array): (number | undefined)[] {
  const reader = new VarintReader();
  return Array.from(bytes, (byte) => reader.push(byte));
}

describe("a variable-length integer", () => {
  it.each(examples)("is read from %s", (bytesHex, value, end) => {
    const bytes = Buffer.from(bytesHex, "hex");
    expect(parseVarint(bytes, 0)).toEqual({ value, end });
    expect(readAll(bytes)).toEqual([...Array<undefined>(end - 1).fill(undefined), value]);
  });

  it.each(examples.slice(1))("is written as %s", (bytesHex, value) => {
    expect(encodeVarint(value).toString("hex")).toBe(bytesHex);
  });

  it("is refused if it is cut short", () => {
    expect(parseVarint(Buffer.from("7b", "hex"), 0)).toBeUndefined();
    expect(parseVarint(Buffer.from("25", "hex"), 1)).toBeUndefined();
  });

  it("comes back as it was written, and the next one after it", () => {
    const value = fc.oneof(fc.maxSafeNat(), fc.constantFrom(63, 64, 16_383, 16_384, 2 ** 30 - 1, 2 ** 30));
    fc.assert(
      fc.property(fc.array(value), (values) => {
        const bytes = Buffer.concat(values.map(encodeVarint));
        expect(readAll(bytes).filter((each) => each !== undefined)).toEqual(values);
        let at = 0;
        for (const each of values) {
          const parsed = parseVarint(bytes, at)!;
          expect(parsed.value).toBe(each);
          at = parsed.end;
        }
        expect(at).toBe(bytes.length);
      }),
    );
  });

  it("is whole or not, as its reader knows", () => {
    const reader = new VarintReader();
    expect(reader.isInside).toBe(false);
    reader.push(0x40);
    expect(reader.isInside).toBe(true);
    expect(reader.push(5)).toBe(5);
    expect(reader.isInside).toBe(false);
  });
});
