import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseVersionNegotiation } from "../../../src/wire/version-negotiation.ts";

function parse(hex: string): number[] | undefined {
  return parseVersionNegotiation(Buffer.from(hex, "hex"));
}

describe("a Version Negotiation packet", () => {
  it("is a list of versions after the connection IDs", () => {
    const ids = "02aabb01cc";
    expect(parse(`8000000000${ids}000000016b3343cf`)).toEqual([1, 0x6b3343cf]);
    // What is left of a version that is cut short does not count.
    expect(parse(`ff00000000${ids}1a2a3a4a0000`)).toEqual([0x1a2a3a4a]);
    expect(parse(`8000000000${ids}`)).toEqual([]);
    expect(parse(`8000000001${ids}00000001`)).toBeUndefined();
    expect(parse(`4000000000${ids}00000001`)).toBeUndefined();
  });

  it("is never anything that throws", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const packet = Buffer.concat([Buffer.from([0x80, 0, 0, 0, 0]), bytes]);
        expect(parseVersionNegotiation(packet)?.length ?? 0).toBeLessThanOrEqual(bytes.length / 4);
      }),
    );
  });
});
