import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeFieldSection, encodeFieldSection } from "../../../../src/http3/qpack/field-section.ts";
import type { FieldLimits, Fields } from "../../../../src/http3/fields.ts";
import { section } from "../wire-bytes.ts";

const request: FieldLimits = {
  maxBytes: 16_384,
  pseudoFields: new Set([":method", ":scheme", ":authority", ":path"]),
};
const trailers: FieldLimits = { ...request, pseudoFields: new Set() };

function decode(bytes: Uint8Array | string, options: FieldLimits = request): Fields {
  const decoded = decodeFieldSection(typeof bytes === "string" ? Buffer.from(bytes, "hex") : bytes, options);
  if (!("fields" in decoded)) throw new Error(decoded.why);
  return { ...decoded.fields };
}

describe("a field section", () => {
  it("is read as RFC 9204, appendix B.1, writes it", () => {
    expect(decode("0000510b2f696e6465782e68746d6c")).toEqual({ ":path": "/index.html" });
  });

  it("is read as ls-qpack (aioquic) writes it without a dynamic table", () => {
    const hex =
      "0000d1d7508eb0b40fd2e5f23a6ba0b71a69967f519b63b858a466a233f96001132d36e3af3e38c92165ff3c0cc9804dff5f50a7d07f66" +
      "a281b0dae053fafc087ed4ce6aadf2a7979c89c6bfb521aeba0bc8b1e632586d975765cfdddf55821c015503623d325f459cba51d85b14" +
      "2facb3c78886d46cb8787bc81d26cafae5640bc30c30ff2df2b50349aa04636166e92ef2b169ad3ebf00";
    expect(decode(hex)).toEqual({
      ":method": "GET",
      ":scheme": "https",
      ":authority": "relay.example:4433",
      ":path": "/v1/mailbox/0123456789abcdef?wait=25",
      "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
      accept: "*/*",
      "accept-encoding": "gzip, deflate, br",
      cookie: ["a=1", "b=2"],
      authorization: "Bearer eyJhbGciOiJFUzI1NiJ9.e30.AAAA",
      "x-latin": "caf\u00e9",
      "x-empty": "",
    });
  });

  it("is read as ls-qpack writes long names and values", () => {
    const tildes = "7e".repeat(140);
    const hex =
      "0000d4d75086a0e41d139d09c1ee5485089969b71d5f4b8d9d29ad1718606b97c8e9ae82ff2f13f2b507aa65aa1d2559338d2b190b5474" +
      `ac6a961d5e9648e3a0bf7f0d${tildes}2f034148b4a549275906497f8840e92ac7b0d31aaf`;
    expect(decode(hex)).toEqual({
      ":method": "POST",
      ":scheme": "https",
      ":authority": "localhost",
      ":path": "/",
      "content-type": "application/json",
      "content-length": "1234567",
      origin: "https://a.example",
      "x-long-name-that-is-not-in-any-table": "~".repeat(140),
      "sec-fetch-site": "same-origin",
    });
  });

  it("is read as quic-go writes it", () => {
    const hex =
      "0000d1d7508eb0b40fd2e5f23a6ba0b71a69967f518c63b8583d65a875997e883d5f5f508bed6988b4c7531efdfad8675f10839bd9ab2e" +
      "aec31ec327d785b600fd286f2cf2b1ea2f810f2cf2b1ea2f8117";
    expect(decode(hex)).toEqual({
      ":method": "GET",
      ":scheme": "https",
      ":authority": "relay.example:4433",
      ":path": "/v1/openapi.json",
      "user-agent": "quic-go HTTP/3",
      "accept-encoding": "gzip",
      priority: "u=1, i",
      "x-one": ["1", "2"],
    });
  });

  it("is read with literals that must never be indexed (RFC 9204 §4.5.4, §4.5.6)", () => {
    expect(decode("000071012f31780132")).toEqual({ ":path": "/", x: "2" });
  });

  it("is taken with any base, as nothing refers to it", () => {
    expect(decode("007f808001d1")).toEqual({ ":method": "GET" });
  });

  it("keeps a field with the name of what every object has", () => {
    const lines = section([
      ["__proto__", "1"],
      ["constructor", "2"],
      ["__proto__", "3"],
    ]);
    const decoded = decodeFieldSection(lines, request);
    expect("fields" in decoded && Object.entries(decoded.fields)).toEqual([
      ["__proto__", ["1", "3"]],
      ["constructor", "2"],
    ]);
  });

  it.each([
    ["no prefix", ""],
    ["half a prefix", "00"],
    ["a Required Insert Count", "0200d1"],
    ["a base below the Required Insert Count", "0080d1"],
    ["an index into the dynamic table", "000080"],
    ["a name of the dynamic table", "0000400161"],
    ["an index past the base", "000010"],
    ["a name past the base", "0000000161"],
    ["an index past the static table", "0000ff24"],
    ["an index that is cut short", "0000ff"],
    ["an index of too many bytes", "0000ff8080808080808080808000"],
    ["a value that is cut short", "0000510b2f69"],
    ["no value", "000051"],
    ["a name that is cut short", "000023616c"],
    ["a length beyond all", "0000517fffffffffffffffff7f"],
    ["a value in a broken Huffman code", "00005182ffff"],
  ])("is refused for %s", (_, hex) => {
    expect(decodeFieldSection(Buffer.from(hex, "hex"), request)).toMatchObject({
      scope: "connection",
      code: 0x200,
    });
  });

  it.each([
    ["an upper-case name", [["X-one", "1"]]],
    ["an empty name", [["", "1"]]],
    ["a name with a space", [["x one", "1"]]],
    ["a line feed in a value", [["x-one", "1\n2"]]],
    ["a NUL in a value", [["x-one", "\0"]]],
    ["a pseudo-field of a response", [[":status", "200"]]],
    ["an unknown pseudo-field", [[":protocol", "websocket"]]],
    [
      "a pseudo-field behind others",
      [
        ["x-one", "1"],
        [":path", "/"],
      ],
    ],
  ] as const)("is malformed for %s", (_, lines) => {
    expect(decodeFieldSection(section(lines), request)).toMatchObject({
      scope: "stream",
      code: 0x10e,
      status: 400,
    });
  });

  it("has no pseudo-fields in trailers", () => {
    expect(decodeFieldSection(section([[":path", "/"]]), trailers)).toMatchObject({ code: 0x10e });
    expect(decode(section([["x-sum", "1"]]), trailers)).toEqual({ "x-sum": "1" });
  });

  it("counts 32 bytes for each field beside its name and value (RFC 9114 §4.2.2)", () => {
    const two = section([
      ["abc", "de"],
      ["f", ""],
    ]);
    expect(decode(two, { ...request, maxBytes: 37 + 33 })).toEqual({ abc: "de", f: "" });
    expect(decodeFieldSection(two, { ...request, maxBytes: 37 + 33 - 1 })).toMatchObject({ status: 431 });
  });

  it("is no longer than allowed if it is made of indexes of a byte each", () => {
    const bytes = Buffer.concat([Buffer.alloc(2), Buffer.alloc(16_000, 0xc0 | 29)]);
    expect(decodeFieldSection(bytes, request)).toMatchObject({ scope: "stream", status: 431 });
  });

  it("never throws, whatever its bytes, and never holds more than allowed", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.nat(400),
        fc.boolean(),
        (bytes, maxBytes, isTrailer) => {
          const limits = { ...(isTrailer ? trailers : request), maxBytes };
          const decoded = decodeFieldSection(Buffer.concat([Buffer.alloc(2), bytes]), limits);
          if (!("fields" in decoded)) expect([0x107, 0x10e, 0x200]).toContain(decoded.code);
          else expect(sizeOf(decoded.fields)).toBeLessThanOrEqual(maxBytes);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

function sizeOf(fields: Fields): number {
  const values = Object.entries(fields).flatMap(([name, value]) =>
    [value].flat().map((each) => [name, each]),
  );
  return values.reduce((bytes, [name, value]) => bytes + name!.length + value!.length + 32, 0);
}

describe("a field section that we write", () => {
  it("uses the static table where it can", () => {
    const fields = { ":status": "200", "content-type": "text/plain;charset=utf-8", "x-a": "b" };
    expect(encodeFieldSection(fields).toString("hex")).toBe(`0000d9f623${hexOf("x-a")}01${hexOf("b")}`);
  });

  it("begins with the status, whatever else it has", () => {
    expect(encodeFieldSection({ "1": "x", ":status": "404" }).toString("hex")).toBe("0000db21310178");
  });

  it("is read as it was written", () => {
    const name = fc.stringMatching(/^[a-z0-9_!-]{1,200}$/).filter((each) => each !== "__proto__");
    const value = fc.stringMatching(/^[\t\x20-\x7e\x80-\xff]{0,200}$/);
    const values = fc.oneof(value, fc.array(value, { minLength: 2, maxLength: 3 }));
    fc.assert(
      fc.property(fc.dictionary(name, values), (fields) => {
        const all = { ":path": "/", ...fields };
        expect(decode(encodeFieldSection(all), { ...request, maxBytes: 1e6 })).toEqual(all);
      }),
    );
  });
});

function hexOf(text: string): string {
  return Buffer.from(text).toString("hex");
}
