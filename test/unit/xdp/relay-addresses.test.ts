import { describe, expect, it } from "vitest";
import { relayAddresses } from "../../../src/xdp/relay-addresses.ts";

const all = ["127.0.0.1", "::1", "203.0.113.1", "198.51.100.1", "2001:db8::1", "fe80::1", "febf::1"];

describe("relayAddresses", () => {
  it.each([
    ["::", ["203.0.113.1", "198.51.100.1", "2001:db8::1"]],
    ["0.0.0.0", ["203.0.113.1", "198.51.100.1"]],
    ["203.0.113.1", ["203.0.113.1"]],
    ["2001:db8::1", ["2001:db8::1"]],
    ["203.0.113.9", []],
    ["127.0.0.1", []],
    ["fe80::1", []],
  ])("finds what others reach a socket at that is bound to %s", (bound, addresses) => {
    expect(relayAddresses(bound, all)).toEqual(addresses);
  });
});
