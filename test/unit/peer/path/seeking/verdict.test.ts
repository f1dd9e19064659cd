import { describe, expect, it } from "vitest";
import type { NatKind } from "../../../../../src/peer/nat/report.ts";
import { type Silence, whySilent } from "../../../../../src/peer/path/seeking/verdict.ts";

function silence(own: NatKind, theirs: NatKind, change: Partial<Silence> = {}): Silence {
  return {
    own: { report: { kind: own }, isSilent: false },
    theirs: { kind: theirs },
    isSameNat: false,
    wasDirect: false,
    ...change,
  };
}

describe("the reason why no check was answered", () => {
  it.each<[NatKind, NatKind, string]>([
    ["random", "random", "nat-hard-both"],
    ["sequential", "random", "nat-hard-both"],
    ["sequential", "sequential", "nat-hard-both"],
    ["endpoint-independent", "endpoint-independent", "udp-blocked"],
    ["endpoint-independent", "random", "checks-timeout"],
    ["sequential", "endpoint-independent", "checks-timeout"],
    ["unknown", "endpoint-independent", "checks-timeout"],
    ["random", "unknown", "checks-timeout"],
    ["unknown", "unknown", "checks-timeout"],
  ])("between %s and %s is %s, from both sides", (one, other, reason) => {
    expect([whySilent(silence(one, other)), whySilent(silence(other, one))]).toEqual([reason, reason]);
  });

  it("is UDP where the relay's second port is silent to this side alone", () => {
    const own = { report: { kind: "unknown" }, isSilent: true } as const;
    expect(whySilent(silence("unknown", "random", { own }))).toBe("udp-blocked");
    expect(whySilent(silence("unknown", "unknown", { own }))).toBe("checks-timeout");
  });

  it("is not UDP where a direct path has been", () => {
    const both = silence("endpoint-independent", "endpoint-independent", { wasDirect: true });
    expect(whySilent(both)).toBe("checks-timeout");
  });

  it("is not UDP behind one NAT, which may lead nothing back", () => {
    const both = silence("endpoint-independent", "endpoint-independent", { isSameNat: true });
    expect(whySilent(both)).toBe("checks-timeout");
  });
});
