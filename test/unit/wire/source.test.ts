import { expect, it } from "vitest";
import { networkName, sourceName } from "../../../src/wire/source.ts";

it.each([
  ["203.0.113.7", "203.0.113.7"],
  ["::ffff:203.0.113.7", "203.0.113.7"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"],
  ["fe80::1%eth0", "fe80::/64"],
  ["::1", "::/64"],
  ["somewhere", "somewhere"],
])("%s shares the limits of %s", (address, name) => {
  expect(sourceName(address)).toBe(name);
});

it("two sites are two sources", () => {
  expect(sourceName("2001:db8:0:1::1")).not.toBe(sourceName("2001:db8:0:2::1"));
});

it.each([
  ["203.0.113.7", "203.0.113.0/24"],
  ["::ffff:203.0.113.7", "203.0.113.0/24"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"],
  ["fe80::1%eth0", "fe80::/48"],
  ["somewhere", "somewhere"],
])("%s is of the network %s", (address, name) => {
  expect(networkName(address)).toBe(name);
});
