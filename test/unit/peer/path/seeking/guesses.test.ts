import { describe, expect, it } from "vitest";
import type { NatReport } from "../../../../../src/peer/nat/report.ts";
import type { Candidate } from "../../../../../src/peer/path/control/messages.ts";
import { guessAddresses } from "../../../../../src/peer/path/seeking/guesses.ts";
import { Reachability, type Surroundings } from "../../../../../src/peer/path/seeking/reachability.ts";
import type { Address } from "../../../../../src/wire/address.ts";

const seen: Candidate = { kind: "reflexive", address: { address: "203.0.113.7", port: 40_000 } };
const host: Candidate = { kind: "host", address: { address: "198.51.100.9", port: 40_000 } };

function guesses(
  base: number,
  step: number,
  candidates: readonly Candidate[] = [seen],
  surroundings: Partial<Surroundings> = {},
): Address[] {
  const reachability = new Reachability({
    tries: "auto",
    relayAddresses: ["192.0.2.1"],
    reaches: () => true,
    ownAddresses: [],
    ownIps: [],
    subnets: [],
    isSameNat: false,
    ...surroundings,
  });
  const nat: NatReport = { kind: "sequential", ports: { base, step } };
  return guessAddresses({ type: "candidates", generation: 1, candidates, nat }, reachability);
}

function portsOf(addresses: readonly Address[]): number[] {
  return addresses.map(({ port }) => port);
}

describe("guesses at the next port of a NAT", () => {
  it("are 16 steps on from the last one, up or down", () => {
    expect(portsOf(guesses(40_000, 1))).toEqual(Array.from({ length: 16 }, (_, index) => 40_001 + index));
    expect(portsOf(guesses(40_000, -2))).toEqual(
      Array.from({ length: 16 }, (_, index) => 39_998 - 2 * index),
    );
  });

  it("are at the IP address of the reflexive candidate, and at no other that was told", () => {
    const mapped: Candidate = { kind: "mapped", address: { address: "198.51.100.10", port: 1 } };
    const other: Candidate = { kind: "reflexive", address: { address: "2001:db8::7", port: 1 } };
    const addresses = guesses(40_000, 1, [host, mapped, seen, other]);
    expect(new Set(addresses.map(({ address }) => address))).toEqual(new Set(["203.0.113.7"]));
  });

  it("are none without such a candidate, or where it is not among the first 8", () => {
    expect(guesses(40_000, 1, [host])).toEqual([]);
    expect(guesses(40_000, 1, [...Array.from({ length: 8 }, () => host), seen])).toEqual([]);
  });

  it("are at no port below 1024, nor at any that is none", () => {
    expect(portsOf(guesses(1030, -1))).toEqual([1029, 1028, 1027, 1026, 1025, 1024]);
    expect(portsOf(guesses(1019, 1))[0]).toBe(1024);
    expect(portsOf(guesses(65_533, 1))).toEqual([65_534, 65_535]);
    expect(guesses(0, -1)).toEqual([]);
  });

  it.each<[string, Partial<Surroundings>]>([
    ["203.0.113.7", { relayAddresses: ["203.0.113.7"] }],
    ["203.0.113.7", { ownIps: ["203.0.113.7"] }],
    ["203.0.113.7", { tries: "never" }],
    ["203.0.113.7", { reaches: () => false }],
    ["127.0.0.1", {}],
    ["192.168.1.1", {}],
    ["224.0.0.1", {}],
    ["255.255.255.255", {}],
  ])("are none at an address that may not be checked: %s %o", (address, surroundings) => {
    expect(
      guesses(40_000, 1, [{ kind: "reflexive", address: { address, port: 40_000 } }], surroundings),
    ).toEqual([]);
  });

  it("leave out this side's own address behind the same NAT", () => {
    const own = { ownAddresses: [{ address: "203.0.113.7", port: 40_003 }] };
    expect(portsOf(guesses(40_000, 1, [seen], own))).not.toContain(40_003);
  });

  it("are none of a NAT that does not count, or whose ports are not known", () => {
    const reachability = { refuse: () => undefined } as unknown as Reachability;
    for (const nat of [{ kind: "random" }, { kind: "sequential" }] as const)
      expect(
        guessAddresses({ type: "candidates", generation: 1, candidates: [seen], nat }, reachability),
      ).toEqual([]);
  });
});
