import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatAddress, parseAddress, sameAddress, unmapAddress } from "../../../src/wire/address.ts";

describe("addresses", () => {
  it("writes IPv6 in brackets and reads both families back", () => {
    const ip = fc.oneof(fc.ipV4(), fc.ipV6());
    fc.assert(
      fc.property(ip, fc.nat(65_535), (address, port) => {
        expect(parseAddress(formatAddress({ address, port }))).toEqual({ address, port });
      }),
    );
    expect(formatAddress({ address: "2001:db8::1", port: 4433 })).toBe("[2001:db8::1]:4433");
    expect(formatAddress({ address: "203.0.113.7", port: 1 })).toBe("203.0.113.7:1");
  });

  it("keeps host names as they are", () => {
    expect(parseAddress("relay.example:443")).toEqual({ address: "relay.example", port: 443 });
  });

  it.each([
    "",
    "1.2.3.4",
    ":1",
    "1.2.3.4:",
    "1.2.3.4:65536",
    "::1:4433",
    "[::1]",
    "1.2.3.4:-1",
    "1.2.3.4:1x",
  ])("refuses %j", (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  it("never throws on any text", () => {
    fc.assert(fc.property(fc.string(), (text) => void parseAddress(text)));
  });

  it("takes the IPv4-mapped prefix off, and nothing else", () => {
    expect(unmapAddress("::ffff:192.0.2.1")).toBe("192.0.2.1");
    expect(unmapAddress("::ffff:c000:201")).toBe("::ffff:c000:201");
    expect(unmapAddress("2001:db8::1")).toBe("2001:db8::1");
  });

  it("tells addresses apart by IP and by port", () => {
    const address = { address: "192.0.2.1", port: 1 };
    expect(sameAddress(address, { ...address })).toBe(true);
    expect(sameAddress(address, { ...address, port: 2 })).toBe(false);
    expect(sameAddress(address, { ...address, address: "192.0.2.2" })).toBe(false);
  });
});
