import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  Reachability,
  scopeOf,
  type Surroundings,
} from "../../../../../src/peer/path/seeking/reachability.ts";
import { formatIp } from "../../../../../src/wire/address.ts";

const surroundings: Surroundings = {
  tries: "auto",
  relayAddresses: ["203.0.113.1", "2001:db8::1"],
  ownAddresses: [{ address: "203.0.113.7", port: 5000 }],
  ownIps: ["192.168.1.7", "2001:db8::7"],
  reaches: () => true,
  subnets: ["192.168.1.7/24", "100.64.3.4/10", "198.51.100.130/25", "fd00::7/64"],
  isSameNat: true,
};

function refuse(address: string, port = 5000, changes: Partial<Surroundings> = {}): string | undefined {
  return new Reachability({ ...surroundings, ...changes }).refuse({ address, port });
}

describe("the scope of an address", () => {
  it.each([
    ["192.0.2.1", "global"],
    ["198.51.100.1", "global"],
    ["203.0.113.255", "global"],
    ["9.255.255.255", "global"],
    ["2001:db8::1", "global"],
    ["2003::1", "global"],
    ["10.0.0.1", "private"],
    ["172.15.255.255", "global"],
    ["172.16.0.1", "private"],
    ["172.31.255.255", "private"],
    ["172.32.0.0", "global"],
    ["192.168.255.255", "private"],
    ["192.169.0.0", "global"],
    ["100.63.255.255", "global"],
    ["100.64.0.0", "private"],
    ["100.127.255.255", "private"],
    ["100.128.0.0", "global"],
    ["fd00::1", "private"],
    ["fc00::1", "private"],
    ["0.0.0.0", "unspecified"],
    ["0.1.2.3", "unspecified"],
    ["::", "unspecified"],
    ["127.255.0.1", "loopback"],
    ["::1", "loopback"],
    ["169.254.169.254", "link-local"],
    ["fe80::1", "link-local"],
    ["febf:ffff::1", "link-local"],
    ["224.0.0.1", "multicast"],
    ["239.255.255.255", "multicast"],
    ["ff02::1", "multicast"],
    ["240.0.0.1", "reserved"],
    ["255.255.255.254", "reserved"],
    ["255.255.255.255", "broadcast"],
    ["2002:7f00:1::", "reserved"],
    ["2001:0:4136:e378::1", "reserved"],
    ["64:ff9b::7f00:1", "reserved"],
    ["::127.0.0.1", "reserved"],
    ["fec0::1", "reserved"],
    ["4000::1", "reserved"],
    ["::ffff:127.0.0.1", "loopback"],
    ["::ffff:c0a8:101", "private"],
    ["::ffff:192.0.2.1", "global"],
    ["fe80::1%eth0", "no-ip"],
    ["2001:db8::1%1", "no-ip"],
    ["example.org", "no-ip"],
    ["", "no-ip"],
  ])("%s is %s", (address, scope) => {
    expect(scopeOf(address)).toBe(scope);
  });

  it("is the same for IPv4 and the IPv6 address that maps it", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), (bytes) => {
        const mapped = formatIp(Buffer.concat([Buffer.alloc(10), Buffer.from("ffff", "hex"), bytes]));
        expect(scopeOf(mapped)).toBe(scopeOf(formatIp(bytes)));
      }),
    );
  });
});

describe("an address", () => {
  it.each(["203.0.113.9", "2001:db8::9", "192.168.1.8", "100.100.0.1", "fd00::8", "::ffff:203.0.113.9"])(
    "may be checked: %s",
    (address) => {
      expect(refuse(address)).toBeUndefined();
    },
  );

  it.each([
    ["127.0.0.1", "loopback"],
    ["::ffff:127.0.0.1", "loopback"],
    ["0.0.0.0", "unspecified"],
    ["169.254.1.1", "link-local"],
    ["fe80::8", "link-local"],
    ["224.0.0.251", "multicast"],
    ["255.255.255.255", "broadcast"],
    ["250.0.0.1", "reserved"],
    ["host.example", "no-ip"],
  ])("of no host is refused: %s", (address, reason) => {
    expect(refuse(address)).toBe(reason);
  });

  it("is refused with port 0", () => {
    expect(refuse("203.0.113.9", 0)).toBe("port");
  });

  it.each(["203.0.113.1", "::ffff:203.0.113.1", "2001:db8:0::1"])(
    "is refused at any port if it is the relay's: %s",
    (address) => {
      expect([refuse(address, 4433), refuse(address, 53)]).toEqual(["relay", "relay"]);
    },
  );

  it.each(["203.0.113.7", "::ffff:203.0.113.7"])(
    "is refused if it is this peer's own outside of its NAT, but not at another port: %s",
    (address) => {
      expect([refuse(address, 5000), refuse(address, 5001)]).toEqual(["own", undefined]);
    },
  );

  it.each(["192.168.1.7", "2001:DB8::7", "::ffff:192.168.1.7"])(
    "is refused at any port if it is of this host: %s",
    (address) => {
      expect([refuse(address, 5000), refuse(address, 5001)]).toEqual(["own", "own"]);
    },
  );

  it("is refused if this host lacks its IP version", () => {
    const reaches = onlyIpv4;
    expect([refuse("2001:db8::9", 5000, { reaches }), refuse("192.0.2.9", 5000, { reaches })]).toEqual([
      "version",
      undefined,
    ]);
  });

  it("that is private is refused at the ports of services", () => {
    expect([refuse("192.168.1.1", 53), refuse("192.168.1.1", 1023), refuse("192.168.1.1", 1024)]).toEqual([
      "port",
      "port",
      undefined,
    ]);
  });

  it.each([
    "192.168.1.0",
    "192.168.1.255",
    "100.64.0.0",
    "100.127.255.255",
    "198.51.100.128",
    "198.51.100.255",
  ])("is refused if it reaches all of an own subnet: %s", (address) => {
    expect(refuse(address)).toBe("broadcast");
  });

  it("is no broadcast in a subnet of two hosts, or of one", () => {
    const subnets = ["192.168.1.0/31", "192.168.2.9/32"];
    expect([refuse("192.168.1.1", 5000, { subnets }), refuse("192.168.2.9", 5000, { subnets })]).toEqual([
      undefined,
      undefined,
    ]);
  });

  it.each(["192.168.1.8", "100.100.0.1", "fd00::8"])(
    "that is private needs the same NAT, an own subnet, and the policy: %s",
    (address) => {
      expect(refuse(address, 5000, { isSameNat: false })).toBe("private");
      expect(refuse(address, 5000, { subnets: [] })).toBe("private");
      expect(refuse(address, 5000, { tries: "public-only" })).toBe("policy");
    },
  );

  it.each(["192.168.2.8", "10.0.0.1", "172.16.0.1", "fd00:0:0:1::8"])(
    "that is private is refused outside of this host's subnets: %s",
    (address) => {
      expect(refuse(address)).toBe("private");
    },
  );

  it("is refused whatever it is if the policy tries none", () => {
    expect(refuse("203.0.113.9", 5000, { tries: "never" })).toBe("policy");
  });
});

function onlyIpv4(ip: string): boolean {
  return !ip.includes(":");
}
