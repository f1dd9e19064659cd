import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeHuffman, encodePrefixed, parsePrefixed } from "../../../../src/http3/qpack/primitives.ts";

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

function decode(hex: string): string | undefined {
  return decodeHuffman(Buffer.from(hex.replaceAll(" ", ""), "hex"))?.toString("latin1");
}

describe("a string in the Huffman code", () => {
  // RFC 7541, appendix C.4 and C.6.
  it.each([
    ["f1e3 c2e5 f23a 6ba0 ab90 f4ff", "www.example.com"],
    ["a8eb 1064 9cbf", "no-cache"],
    ["25a8 49e9 5ba9 7d7f", "custom-key"],
    ["25a8 49e9 5bb8 e8b4 bf", "custom-value"],
    ["6402", "302"],
    ["640e ff", "307"],
    ["aec3 771a 4b", "private"],
    ["d07a be94 1054 d444 a820 0595 040b 8166 e082 a62d 1bff", "Mon, 21 Oct 2013 20:13:21 GMT"],
    ["9d29 ad17 1863 c78f 0b97 c8e9 ae82 ae43 d3", "https://www.example.com"],
    ["9bd9 ab", "gzip"],
    [
      "94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07",
      "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
    ],
    ["", ""],
    // The shortest and the longest codes: "0", and the bytes 10, 13 and 22, whose codes are of 30 bits.
    ["07", "0"],
    ["ffff fff3", "\n"],
    ["ffff fff7", "\r"],
    ["ffff fffb", "\x16"],
  ])("%s is %j", (hex, text) => {
    expect(decode(hex)).toBe(text);
  });

  it("has every byte, as golang.org/x/net writes them", () => {
    const hex =
      "ffc7fffd8fffffe2fffffe3fffffe4fffffe5fffffe6fffffe7fffffe8ffffeafffffff3fffffa7fffffabffffffdfffffebffff" +
      "fecfffffedfffffeefffffefffffff0ffffff1ffffff2fffffffbfffffcffffffd3fffffd7fffffdbfffffdffffffe3fffffe7ff" +
      "fffebfffffed4fe3f9ffaffcabf1febfafefe7fdfd2cbb00089969b71d79fb9f7fff20ffbff3ff50ddbd7f061c58f265cd9f469d" +
      "5af66dddbf871e5f9cff7ff7fffc3ff9ffe45fff4719242cb34e6e9d68a6a3d7dac426defe3cfaf7fffbfe7ffbffdffffffcfffe" +
      "6ffff4bfff9ffffa3fffd3ffff53fffd5ffffb3fffeb7fffdaffffb7ffff73fffeeffffdeffffebffffbfffffd9ffffdbfffebff" +
      "ffe0ffffeeffffc3ffff8bffff1ffffe4fffee7fffb1ffff97fffd9ffffcdffff9fffffbffffdafffeeffff4ffffb7fffee7fffe" +
      "8ffffd3fffdeffffd5fffeeffffbdffffe1fffdfffff7fffff5ffffecffff07fff87fffe0ffff17fffedffff87ffff77fffeffff" +
      "eaffff8bfffe3ffff93ffff87fffcbffff37ffff1fffff83ffffe1fffebfffe3ffff3fffff2ffffa3ffffd9fffff17ffffc7ffff" +
      "f27ffffdefffffbffffff2fffff8fffffb7fff97fff8fffffe6fffffc1fffff87ffffe7fffffc5ffffe5fffe4ffff2fffffd1fff" +
      "ff4ffffffefffffe3fffffc9fffff97fffb3ffffcffffb7fffcdffff4ffff9ffffd1ffffcffffeaffffafffffddffffeffffff4f" +
      "ffff5fffffabffffa7ffffd7fffff9bffffecfffffb7fffff3fffffe8fffffd3fffffabfffff5fffffff7ffffecfffffdbfffffb" +
      "bfffff7ffffff0fffffbbf";
    expect(decodeHuffman(Buffer.from(hex, "hex"))).toEqual(Buffer.from([...Array(256).keys()]));
  });

  it.each([
    ["padding of a whole byte", "07ff"],
    ["nothing but padding of a byte", "ff"],
    ["padding with a zero", "06"],
    ["EOS", "ffff ffff"],
    ["EOS behind a symbol", "07ff ffff ff"],
    ["a code that is cut short", "ffff"],
  ])("is refused for %s", (_, hex) => {
    expect(decode(hex)).toBeUndefined();
  });

  it("never throws, and is at most 8/5 as long as what it is read from", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const text = decodeHuffman(bytes);
        if (text) expect(text.length).toBeLessThanOrEqual((bytes.length * 8) / 5);
      }),
    );
  });
});
