import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  encodeNatPmpAddressRequest,
  encodeNatPmpMap,
  parseNatPmpAddress,
  parseNatPmpMapping,
} from "../../../../src/peer/mapping/nat-pmp.ts";
import { hex } from "./bytes.ts";

const epochSeconds = 123_456;

describe("the address of a router of NAT-PMP", () => {
  it("is asked for and told in the layout of RFC 6886 §3.2", () => {
    expect(encodeNatPmpAddressRequest()).toEqual(hex("00 00"));
    expect(parseNatPmpAddress(hex("00 80 0000 0001e240 cb007109"))).toEqual({
      kind: "address",
      epochSeconds,
      externalAddress: "203.0.113.9",
    });
  });

  it.each([
    ["another version", "02 80 0000 0001e240 cb007109"],
    ["the answer to another request", "00 81 0000 0001e240 cb007109"],
    ["a request", "00 00 0000 0001e240 cb007109"],
    ["what is too short", "00 80 0000 0001e240 cb0071"],
    ["a header cut off", "00 80 0002 0001e2"],
  ])("is not told by %s", (_, bytes) => {
    expect(parseNatPmpAddress(hex(bytes))).toBeUndefined();
  });
});

describe("a mapping by NAT-PMP", () => {
  it("is asked for and told in the layout of RFC 6886 §3.3", () => {
    const request = { internalPort: 4433, suggestedPort: 54_321, lifetimeSeconds: 7200 };
    expect(encodeNatPmpMap(request)).toEqual(hex("00 01 0000 1151 d431 00001c20"));
    expect(parseNatPmpMapping(hex("00 81 0000 0001e240 1151 d431 00000e10"), 4433)).toEqual({
      kind: "mapped",
      epochSeconds,
      externalPort: 54_321,
      lifetimeSeconds: 3600,
    });
  });

  it.each([
    [2, "not-authorized"],
    [3, "no-external-address"],
    [4, "no-resources"],
    [5, "refused"],
    [0x1234, "refused"],
  ])("that is refused with %i has a reason: %s", (code, reason) => {
    const result = code.toString(16).padStart(4, "0");
    const refusal = { kind: "refused", epochSeconds, reason };
    expect(parseNatPmpMapping(hex(`00 81 ${result} 0001e240`), 4433)).toEqual(refusal);
    expect(parseNatPmpAddress(hex(`00 80 ${result} 0001e240 00000000`))).toEqual(refusal);
  });

  it("is not told by the answer for another port, or by half an answer", () => {
    const bytes = hex("00 81 0000 0001e240 1151 d431 00000e10");
    expect(parseNatPmpMapping(bytes, 4434)).toBeUndefined();
    expect(parseNatPmpMapping(bytes.subarray(0, 14), 4433)).toBeUndefined();
  });

  it("is never read from bytes that do not name it", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const parsed = parseNatPmpMapping(bytes, 4433) ?? parseNatPmpAddress(bytes);
        if (parsed) expect(bytes[0]).toBe(0);
        if (parsed?.kind === "mapped") expect([bytes[8], bytes[9]]).toEqual([0x11, 0x51]);
      }),
    );
  });
});
