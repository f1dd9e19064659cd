import { describe, expect, it } from "vitest";
import { isBetter, isWorthIt } from "../../../../../src/peer/path/keeping/choice.ts";

const at = (address: string, rttMs: number): Parameters<typeof isBetter>[0] => ({
  address: { address, port: 1 },
  rttMs,
});

describe("a direct path", () => {
  it.each([
    [20, 0, true],
    [21, 0, false],
    [80, 40, true],
    [81, 40, false],
  ])("of %d ms beside a relay of %d ms is worth it: %s", (directMs, relayMs, expected) => {
    expect(isWorthIt(directMs, relayMs)).toBe(expected);
  });
});

describe("another address", () => {
  it("is better by 10 ms and a fifth", () => {
    expect(isBetter(at("192.0.2.1", 20), at("192.0.2.2", 30))).toBe(true);
    expect(isBetter(at("192.0.2.1", 21), at("192.0.2.2", 30))).toBe(false);
    expect(isBetter(at("192.0.2.1", 81), at("192.0.2.2", 100))).toBe(false);
    expect(isBetter(at("192.0.2.1", 80), at("192.0.2.2", 100))).toBe(true);
  });

  it("of IPv6 has a head start of 3 ms", () => {
    expect(isBetter(at("2001:db8::1", 23), at("192.0.2.2", 30))).toBe(true);
    expect(isBetter(at("192.0.2.2", 22), at("2001:db8::1", 30))).toBe(false);
  });
});
