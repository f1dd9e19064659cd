import { describe, expect, it } from "vitest";
import { Permutation } from "../../../../src/forwarder/splice/permutation.ts";
import { virtualAddressCount } from "../../../../src/forwarder/splice/virtual-addresses.ts";

const keys = [
  [0x03020100, 0x07060504],
  [0xffffffff, 0x80000000],
] as const;

describe("Permutation", () => {
  // test/native/unit/permutation.c has the same.
  it.each([
    [0, 0, 10_822_300],
    [0, 1, 14_058_577],
    [0, 2, 719_354],
    [0, 3, 4_859_670],
    [0, virtualAddressCount - 1, 3_313_854],
    [1, 0, 11_686_245],
    [1, 1, 6_938_923],
    [1, 1_000_000, 15_198_576],
  ])("has under key %i at place %i the number %i, in TypeScript as in C", (key, index, number) => {
    expect(new Permutation(virtualAddressCount, keys[key]!).at(index)).toBe(number);
  });

  it.each([1, 2, 3, 254, 1000, 4097])("has each of %i numbers once", (size) => {
    for (const key of keys) {
      const permutation = new Permutation(size, key);
      const numbers = Array.from({ length: size }, (_, index) => permutation.at(index));
      expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: size }, (_, index) => index));
    }
  });

  it("scatters neighbours all over the range", () => {
    const permutation = new Permutation(virtualAddressCount, keys[0]);
    const gaps = Array.from({ length: 1000 }, (_, i) => Math.abs(permutation.at(i) - permutation.at(i + 1)));
    expect(gaps.filter((gap) => gap < virtualAddressCount / 1000).length).toBeLessThan(20);
  });
});
