import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatAddress,
  formatIp,
  isLoopback,
  isWildcard,
  parseAddress,
  parseIp,
  plainIp,
  sameAddress,
  splitZone,
  unmapAddress,
} from "../../../src/wire/address.ts";

describe("IP literals", () => {
  it.each([
    ["192.0.2.1", "c0000201"],
    ["::", "00000000000000000000000000000000"],
    ["::1", "00000000000000000000000000000001"],
    ["2001:db8::1", "20010db8000000000000000000000001"],
    ["fe80::", "fe800000000000000000000000000000"],
    ["2001:db8:1234:5678:11:2233:4455:6677", "20010db8123456780011223344556677"],
    ["2001:0:0:1::2", "20010000000000010000000000000002"],
    ["2001:db8:0:1:1:1:1:1", "20010db8000000010001000100010001"],
    ["1::8:0:0", "00010000000000000000000800000000"],
  ])("reads and writes %s", (text, bytesHex) => {
    expect(Buffer.from(parseIp(text)!).toString("hex")).toBe(bytesHex);
    expect(formatIp(Buffer.from(bytesHex, "hex"))).toBe(text);
  });

  it.each([
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["::ffff:192.0.2.1", "::ffff:c000:201"],
    ["fe80::1%eth0", "fe80::1"],
  ])("reads %s, which has another spelling", (text, canonical) => {
    expect(formatIp(parseIp(text)!)).toBe(canonical);
  });

  it.each(["", "localhost", "1.2.3", "1.2.3.256", ":::", "2001:db8::g", "1.2.3.4.5"])(
    "refuses %j",
    (text) => {
      expect(parseIp(text)).toBeUndefined();
    },
  );

  it.each([
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::FFFF:c000:201", "192.0.2.1"],
    ["192.0.2.1", "192.0.2.1"],
    ["2001:DB8:0::1", "2001:db8::1"],
    ["::fffe:c000:201", "::fffe:c000:201"],
    ["FE80::1%eth0", "fe80::1%eth0"],
    ["localhost", "localhost"],
  ])("has %s in one spelling", (text, plain) => {
    expect(plainIp(text)).toBe(plain);
  });

  it("reads back what it writes, for any bytes", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      fc
        .array(fc.constantFrom(0, 0, 0, 1), { minLength: 16, maxLength: 16 })
        .map((list) => Uint8Array.from(list)),
    );
    fc.assert(fc.property(bytes, (ip) => void expect(parseIp(formatIp(ip))).toEqual(ip)));
  });

  it("separates the zone", () => {
    expect(splitZone("fe80::1%eth0")).toEqual(["fe80::1", "%eth0"]);
    expect(splitZone("::1")).toEqual(["::1", ""]);
  });
});

describe("isLoopback", () => {
  it.each([
    ["127.0.0.1", true],
    ["127.255.0.9", true],
    ["::1", true],
    ["128.0.0.1", false],
    ["::", false],
    ["localhost", false],
    ["", false],
  ])("%j: %s", (text, expected) => {
    expect(isLoopback(text)).toBe(expected);
  });
});

describe("isWildcard", () => {
  it("knows what stands for all addresses of a host", () => {
    const all = ["::", "0.0.0.0", "0:0:0:0:0:0:0:0", "::0", "::0.0.0.0", "::ffff:0.0.0.0"];
    expect(all.filter(isWildcard)).toEqual(all);
    expect(["::1", "127.0.0.1", ""].filter(isWildcard)).toEqual([]);
  });
});

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
