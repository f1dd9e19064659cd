import { describe, expect, it } from "vitest";
import type { PeerCheck } from "../../../../src/cli/netcheck/peer-check.ts";
import { verdictOf } from "../../../../src/cli/netcheck/verdict.ts";
import type {
  FamilyProblem,
  FamilyProblemKind,
  MappingServices,
  RelayView,
} from "../../../../src/peer/index.ts";

const view: RelayView = {
  local: "192.168.1.5:51820",
  public: "203.0.113.7:40000",
  isGlobal: true,
  isBehindNat: true,
  keepsPort: false,
  mapping: "unknown",
  secondPort: null,
  http3: "used",
  httpMs: 24,
  stunMs: 12,
};
const problem = (kind: FamilyProblemKind): FamilyProblem => ({ kind, problem: "there is one" });
const none = problem("no-address");
const router: MappingServices = { router: "192.168.1.1", pcp: false, natPmp: false };

/** The verdict on a host with IPv4 alone. */
const verdict = (ipv4: Partial<RelayView>, services: Partial<MappingServices> = {}): string =>
  verdictOf({ ipv4: { ...view, ...ipv4 }, ipv6: none, router: { ...router, ...services } });

describe("the verdict on a network", () => {
  it.each<[FamilyProblemKind, FamilyProblemKind, RegExp]>([
    ["unreachable", "no-address", /cannot be reached, so/],
    ["no-route", "unreachable", /cannot be reached, so/],
    ["untrusted", "no-route", /answers by UDP, but its certificate is not trusted/],
    ["udp-blocked", "no-address", /answers over TCP, but UDP does not get through/],
    ["no-route", "not-asked", /no route to the relay/],
  ])("says why the relay was not reached: %s, %s", (ipv4, ipv6, words) => {
    expect(verdictOf({ ipv4: problem(ipv4), ipv6: problem(ipv6), router })).toMatch(words);
  });

  it("does not guess from a relay in the same network", () => {
    expect(verdict({ isGlobal: false, isBehindNat: false })).toMatch(/cannot tell/);
  });

  it("is good with a public address in either IP version, or a router that maps ports", () => {
    const open = { ...view, isBehindNat: false, mapping: "none" } as const;
    expect(verdictOf({ ipv4: { ...view, mapping: "endpoint-dependent" }, ipv6: open, router })).toMatch(
      /public address/,
    );
    expect(verdict({}, { natPmp: true, externalAddress: "203.0.113.7" })).toMatch(/router maps ports/);
    expect(verdict({}, { upnp: true })).toMatch(/router maps ports/);
  });

  it("counts no router beyond which another NAT is", () => {
    expect(verdict({}, { natPmp: true, externalAddress: "10.0.0.2" })).not.toMatch(/router maps ports/);
  });

  it.each<Partial<RelayView>>([{}, { isBehindNat: false, mapping: "none" }])(
    "tells nothing where the relay's second port does not answer, but says what that may mean: %j",
    (ipv4) => {
      const secondPort = { port: 3478, answers: false };
      expect(verdict({ ...ipv4, secondPort })).toMatch(
        /^The relay's second port does not answer.*add --peer/,
      );
    },
  );

  it("is that on the IP version in which the second port answers, if it does in one", () => {
    const silent = { ...view, secondPort: { port: 3478, answers: false } };
    const answering = { ...view, secondPort: { port: 3478, answers: true }, isBehindNat: false };
    expect(verdictOf({ ipv4: silent, ipv6: answering, router })).toMatch(/public address/);
  });

  it.each<Partial<RelayView>>([
    { isBehindNat: false, mapping: "none" },
    { mapping: "endpoint-independent" },
    { mapping: "sequential" },
  ])("leaves room for a firewall, which a NAT may have as well: %j", (ipv4) => {
    expect(verdict(ipv4)).toMatch(/most peers.* A firewall may still be in the way\.$/);
  });

  it.each<[PeerCheck, RegExp]>([
    [
      { path: "direct", remote: "192.0.2.7:9", rttMs: 9, afterMs: 61 },
      /^There is a direct path to bob\. .*most other peers/,
    ],
    [
      { path: "relay", reason: "nat-hard-both" },
      /^There is no direct path to bob \(nat-hard-both\)\. .*most other/,
    ],
    [{ path: "relay", reason: null }, /^No direct path to bob was found in time\. .*most other/],
    [{ path: null, code: "ERR", message: "no answer" }, /^bob was not reached\. .*most other/],
  ])("begins with what the attempt with a peer has shown: %j", (check, words) => {
    const ipv4: RelayView = { ...view, mapping: "sequential" };
    expect(verdictOf({ ipv4, ipv6: none, router }, { name: "bob", check })).toMatch(words);
  });

  it("does not advise an attempt that has been made", () => {
    const check: PeerCheck = { path: "relay", reason: "checks-timeout" };
    for (const secondPort of [null, { port: 3478, answers: false }])
      expect(
        verdictOf({ ipv4: { ...view, secondPort }, ipv6: none, router }, { name: "bob", check }),
      ).not.toMatch(/--peer/);
  });

  it.each([
    ["endpoint-independent", /most peers, as the NAT/],
    ["sequential", /most peers, as others predict/],
    ["endpoint-dependent", /few peers/],
    ["random", /few peers/],
    ["unknown", /add --peer/],
  ] as const)("depends on the mapping behind a NAT: %s", (mapping, words) => {
    expect(verdict({ mapping })).toMatch(words);
  });
});
