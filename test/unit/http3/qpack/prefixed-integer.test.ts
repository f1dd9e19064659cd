import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodePrefixed, parsePrefixed } from "../../../../src/http3/qpack/prefixed-integer.ts";

describe("an integer behind a prefix", () => {
  // RFC 7541, appendix C.1.
  it.each([
    ["0a", 5, 10],
    ["1f9a0a", 5, 1337],
    ["2a", 8, 42],
  ])("is read from and written as %s", (hex, bits, value) => {
    const bytes = Buffer.from(hex, "hex");
    expect(parsePrefixed(bytes, 0, bits)).toEqual({ value, end: bytes.length });
    expect(Buffer.from(encodePrefixed(0, bits, value), "latin1")).toEqual(bytes);
  });

  it("has no more bytes than 62 bits take (RFC 9204 §4.1.1)", () => {
    const longest = Buffer.from("7fffffffffffffffff7f", "hex");
    expect(parsePrefixed(longest, 0, 7)).toEqual({ value: 2 ** 63 + 126, end: 10 });
    expect(parsePrefixed(Buffer.from("7f80808080808080808000", "hex"), 0, 7)).toBeUndefined();
    expect(parsePrefixed(Buffer.alloc(1000, 0xff), 0, 7)).toBeUndefined();
  });

  it.each(["", "7f", "7f80"])("is refused if it is cut short: %j", (hex) => {
    expect(parsePrefixed(Buffer.from(hex, "hex"), 0, 7)).toBeUndefined();
  });

  it("comes back as it was written", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 3, max: 7 }), (value, bits) => {
        const flags = 0xff & ~((1 << bits) - 1);
        const bytes = Buffer.from(`1${encodePrefixed(flags, bits, value)}2`, "latin1");
        expect(parsePrefixed(bytes, 1, bits)).toEqual({ value, end: bytes.length - 1 });
        expect(bytes[1]! & flags).toBe(flags);
      }),
    );
  });
});
