import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeTraceparent, parseTraceparent } from "../../../src/telemetry/span.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";

function hexId(bytes: number): fc.Arbitrary<string> {
  return fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .filter((id) => id.some(Boolean))
    .map((id) => Buffer.from(id).toString("hex"));
}

describe("parseTraceparent", () => {
  it("reads the example of the specification", () => {
    expect(parseTraceparent(`00-${traceId}-${spanId}-01`)).toEqual({ traceId, spanId, traceFlags: 1 });
  });

  it("reads a later version as far as it is known", () => {
    expect(parseTraceparent(`cc-${traceId}-${spanId}-01-what-comes`)).toMatchObject({ traceId, spanId });
  });

  it.each([
    ["nothing", ""],
    ["version ff", `ff-${traceId}-${spanId}-01`],
    ["version 00 with more fields", `00-${traceId}-${spanId}-01-more`],
    ["a later version that goes on without a dash", `cc-${traceId}-${spanId}-01more`],
    ["a trace id of zeros", `00-${"0".repeat(32)}-${spanId}-01`],
    ["a span id of zeros", `00-${traceId}-${"0".repeat(16)}-01`],
    ["upper case", `00-${traceId.toUpperCase()}-${spanId}-01`],
    ["too long a text", `cc-${traceId}-${spanId}-01-${"x".repeat(128)}`],
    ["two lines", `00-${traceId}-${spanId}-01\n`],
  ])("takes %s for none", (_what, text) => {
    expect(parseTraceparent(text)).toBeUndefined();
  });

  it("takes any text without throwing, and gives nothing but hex digits", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."0a-fF1"), maxLength: 130 }), (text) => {
        const parsed = parseTraceparent(text);
        expect(parsed === undefined || /^[0-9a-f]{48}$/.test(parsed.traceId + parsed.spanId)).toBe(true);
      }),
    );
  });
});

describe("encodeTraceparent", () => {
  it("writes what is read back, flags that are known alone", () => {
    fc.assert(
      fc.property(hexId(16), hexId(8), fc.nat(255), (trace, span, flags) => {
        const text = encodeTraceparent({ traceId: trace, spanId: span, traceFlags: flags });
        expect(text).toHaveLength(55);
        expect(parseTraceparent(text)).toEqual({ traceId: trace, spanId: span, traceFlags: flags & 3 });
      }),
    );
  });
});
