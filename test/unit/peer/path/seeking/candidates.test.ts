import { describe, expect, it } from "vitest";
import { maxCandidates } from "../../../../../src/defaults/index.ts";
import {
  isSameNat,
  judgeCandidates,
  type OwnAddresses,
  ownCandidates,
} from "../../../../../src/peer/path/seeking/candidates.ts";
import type { Candidate, CandidateKind } from "../../../../../src/peer/path/control/messages.ts";
import { Reachability } from "../../../../../src/peer/path/seeking/reachability.ts";
import { type Address, formatAddress } from "../../../../../src/wire/address.ts";

const own: OwnAddresses = {
  tries: "auto",
  localPort: 5000,
  interfaces: ["127.0.0.1", "::1", "192.168.1.7", "fe80::7", "fd00::7", "2001:db8::7"],
  reflexive: [
    { address: "203.0.113.7", port: 61_000 },
    { address: "2001:db8::7", port: 5000 },
  ],
  mapped: [{ address: "203.0.113.7", port: 62_000 }],
  isSameNat: false,
};

function told(changes: Partial<OwnAddresses> = {}): string[] {
  return ownCandidates({ ...own, ...changes }).map(
    ({ kind, address }) => `${kind} ${formatAddress(address)}`,
  );
}

function candidate(address: string, kind: CandidateKind = "host", port = 5000): Candidate {
  return { kind, address: { address, port } };
}

/** So many addresses in 2001:db8::/64. */
function ipv6Hosts(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `2001:db8::${i + 1}`);
}

describe("the candidates of a peer", () => {
  it("are told with the preferred first, each once", () => {
    expect(told()).toEqual([
      "host [2001:db8::7]:5000",
      "mapped 203.0.113.7:62000",
      "reflexive 203.0.113.7:61000",
      "reflexive 203.0.113.7:5000",
    ]);
  });

  it("include private hosts if both are behind the same NAT", () => {
    expect(told({ isSameNat: true })).toEqual([
      "host [2001:db8::7]:5000",
      "host 192.168.1.7:5000",
      "host [fd00::7]:5000",
      "mapped 203.0.113.7:62000",
      "reflexive 203.0.113.7:61000",
      "reflexive 203.0.113.7:5000",
    ]);
  });

  it("include nothing private under a policy of public addresses", () => {
    expect(told({ isSameNat: true, tries: "public-only" })).toEqual(told());
  });

  it("are none under the policy that tries none", () => {
    expect(told({ tries: "never" })).toEqual([]);
  });

  it("have no second guess where the NAT keeps the port", () => {
    const reflexive: Address[] = [{ address: "203.0.113.7", port: 5000 }];
    expect(told({ reflexive, mapped: [] })).toEqual([
      "host [2001:db8::7]:5000",
      "reflexive 203.0.113.7:5000",
    ]);
  });

  it("are not what a relay on the same host or a NAT behind another one says", () => {
    const reflexive = [{ address: "127.0.0.1", port: 5000 }];
    const mapped = [{ address: "100.64.0.1", port: 5000 }];
    expect(told({ reflexive, mapped, interfaces: [] })).toEqual([]);
  });

  it("are 8 at most, and of every kind if a host has many addresses", () => {
    const candidates = told({ interfaces: [...ipv6Hosts(60), "192.168.1.7"], isSameNat: true });
    expect(candidates).toHaveLength(maxCandidates);
    expect(candidates.slice(-5)).toEqual([
      "host [2001:db8::3]:5000",
      "host 192.168.1.7:5000",
      "mapped 203.0.113.7:62000",
      "reflexive 203.0.113.7:61000",
      "reflexive 203.0.113.7:5000",
    ]);
  });

  it("have the IPv6 address that the relay sees before the host's others", () => {
    expect(told({ interfaces: ipv6Hosts(60) })[0]).toBe("host [2001:db8::7]:5000");
  });

  it("have IPv4-mapped addresses as plain IPv4", () => {
    const reflexive = [{ address: "::ffff:203.0.113.7", port: 5000 }];
    expect(told({ reflexive, mapped: [], interfaces: [] })).toEqual(["reflexive 203.0.113.7:5000"]);
  });
});

describe("the same NAT", () => {
  const reflexive = [{ address: "203.0.113.7", port: 1 }];

  it("is claimed by an equal reflexive address, at any port", () => {
    expect(isSameNat(reflexive, [candidate("::ffff:203.0.113.7", "reflexive", 2)])).toBe(true);
  });

  it("is not claimed by another one, or by an address of another kind", () => {
    expect(isSameNat(reflexive, [candidate("203.0.113.8", "reflexive")])).toBe(false);
    expect(isSameNat(reflexive, [candidate("203.0.113.7", "host")])).toBe(false);
    expect(isSameNat([], [candidate("203.0.113.7", "reflexive")])).toBe(false);
  });
});

describe("the candidates of the other peer", () => {
  const reachability = new Reachability({
    tries: "auto",
    relayAddresses: ["203.0.113.1"],
    ownAddresses: [],
    ownIps: [],
    reaches: () => true,
    subnets: ["192.168.1.7/24"],
    isSameNat: false,
  });

  it("are taken once each, if they may be checked", () => {
    const theirs = ["203.0.113.9", "::ffff:203.0.113.9", "127.0.0.1", "203.0.113.1", "192.168.1.8"].map(
      (address) => candidate(address),
    );
    expect(judgeCandidates(theirs, reachability)).toEqual({
      taken: [candidate("203.0.113.9")],
      refused: [
        { ...candidate("127.0.0.1"), reason: "loopback" },
        { ...candidate("203.0.113.1"), reason: "relay" },
        { ...candidate("192.168.1.8"), reason: "private" },
      ],
      excess: 0,
    });
  });

  it("are not looked at beyond the first 8, whatever these are", () => {
    const theirs = [
      ...Array.from({ length: maxCandidates }, () => candidate("127.0.0.1")),
      candidate("203.0.113.9"),
    ];
    const { taken, excess } = judgeCandidates(theirs, reachability);
    expect([taken, excess]).toEqual([[], 1]);
    expect(judgeCandidates(theirs.slice(1), reachability)).toMatchObject({ excess: 0, taken: [{}] });
  });
});
