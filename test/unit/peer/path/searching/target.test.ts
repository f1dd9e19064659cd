import { expect, it } from "vitest";
import { isSearchable } from "../../../../../src/peer/path/searching/target.ts";

const place = {
  reflexive: [{ address: "203.0.113.7", port: 5000 }],
  otherFamily: [{ address: "203.0.113.8", port: 5000 }],
  mapped: [{ address: "203.0.113.9", port: 5000 }],
};

it.each(["198.51.100.7", "::ffff:198.51.100.7"])("A public address may be searched, such as %s", (ip) => {
  expect(isSearchable(ip, place)).toBe(true);
});

it.each([
  "10.0.0.1",
  "172.16.0.1",
  "192.168.1.1",
  "100.64.0.1",
  "fd00::1",
  "127.0.0.1",
  "224.0.0.1",
  "::ffff:192.168.1.1",
  "2001:db8::1",
  "no address",
])("No private one may, nor what is none of a host or of IPv4: %s", (ip) => {
  expect(isSearchable(ip, place)).toBe(false);
});

it("None of what this host has outside may, by the word of the relay or of the router", () => {
  for (const ip of ["203.0.113.7", "203.0.113.8", "203.0.113.9", "::ffff:203.0.113.7"])
    expect(isSearchable(ip, place)).toBe(false);
});
