import { describe, expect, it } from "vitest";
import { formatLines, reportLines } from "../../../../src/cli/netcheck/lines.ts";
import type { MappingKind, MappingServices, NetworkReport, RelayView } from "../../../../src/peer/index.ts";

const view: RelayView = {
  local: "192.168.1.5:51820",
  public: "203.0.113.7:51820",
  isGlobal: true,
  isBehindNat: true,
  keepsPort: true,
  mapping: "unknown",
  secondPort: null,
  http3: "used",
  httpMs: 24.1,
  stunMs: 9,
};

const report: NetworkReport = {
  ipv4: view,
  ipv6: { kind: "no-route", problem: "this host has no route to 2001:db8::1" },
  router: { router: "192.168.1.1", pcp: true, natPmp: true, externalAddress: "203.0.113.7" },
};

describe("the lines of quicpipe netcheck", () => {
  it("tell the public address, what the NAT does, the round trips and the router", () => {
    expect(formatLines(reportLines(report))).toBe(`\
IPv4     203.0.113.7:51820, behind a NAT, which keeps the port: 192.168.1.5:51820 inside
         mapping: unknown: needs a second port or address of the relay
         relay: HTTP 24 ms, STUN 9 ms
IPv6     not reached: this host has no route to 2001:db8::1
router   192.168.1.1 maps ports by PCP and NAT-PMP, 203.0.113.7 outside
`);
  });

  it.each<[MappingKind, string]>([
    ["endpoint-independent", "mapping: one port for all destinations (easy or strict)"],
    ["endpoint-dependent", "mapping: another port for each destination (sequential or symmetric)"],
    ["sequential", "mapping: the next port for each destination (sequential)"],
    ["random", "mapping: a random port for each destination (symmetric)"],
  ])("tell what a NAT does, with the words of docs/direct.md: %s", (mapping, text) => {
    expect(reportLines({ ...report, ipv4: { ...view, mapping } })[1]).toEqual(["", text]);
  });

  it.each<[MappingKind, string[]]>([
    ["none", []],
    ["unknown", ["mapping: unknown, as the relay's second port does not answer"]],
  ])("tell of a second port that does not answer, also of an open host: %s", (mapping, before) => {
    const secondPort = { port: 3478, answers: false };
    const texts = reportLines({ ...report, ipv4: { ...view, mapping, secondPort } }).map(([, text]) => text);
    expect(texts.slice(1, 2 + before.length)).toEqual([
      ...before,
      "second port 3478: no answer: a firewall here or at the relay drops it",
    ]);
  });

  it.each<[Partial<MappingServices>, string]>([
    [{ router: undefined }, "none is known for IPv4"],
    [{}, "192.168.1.1 maps no ports (UPnP not asked: add --upnp)"],
    [{ upnp: false }, "192.168.1.1 maps no ports"],
    [{ upnp: true }, "192.168.1.1 maps ports by UPnP"],
  ])("tell what the router offers, and what was not asked: %j", (services, text) => {
    const router = { router: "192.168.1.1", pcp: false, natPmp: false, ...services };
    expect(reportLines({ ...report, router }).at(-1)).toEqual(["router", text]);
  });

  it("tell the place of a host without a NAT, unless the relay is in its own network", () => {
    const open = { ...view, isBehindNat: false, mapping: "none" } as const;
    const text = "203.0.113.7:51820, not behind a NAT";
    expect(reportLines({ ...report, ipv4: open })[0]![1]).toBe(`${text} (easy, or strict with a firewall)`);
    expect(reportLines({ ...report, ipv4: { ...open, isGlobal: false } })[0]![1]).toBe(text);
  });

  it("tell an IP version that was not asked from one that is not reached", () => {
    const problem = "the URL has an IPv4 address; use the relay's name";
    expect(reportLines({ ...report, ipv6: { kind: "not-asked", problem } })).toContainEqual([
      "IPv6",
      `not asked: ${problem}`,
    ]);
  });

  it.each<["not-found" | "unavailable", string]>([
    ["not-found", "relay: HTTP over TCP, as its HTTP/3 server answers 404; the address is proven by STUN"],
    ["unavailable", "relay: HTTP over TCP, as its HTTP/3 cannot be reached; the address is proven by STUN"],
  ])("tell why requests do not go over HTTP/3: %s", (http3, text) => {
    expect(reportLines({ ...report, ipv4: { ...view, http3 } })).toContainEqual(["", text]);
  });

  it("have no control characters of others", () => {
    expect(formatLines([["peer", "bob\u001B[2J"]])).toBe("peer     bob·[2J\n");
  });
});
