import { describe, expect, it } from "vitest";
import { Budget } from "../../../src/gateway/index.ts";
import { resolveLimits } from "../../../src/plugin/options/limits.ts";
import { membersOf, rowsOf, section } from "./tables.ts";

type TypeName = readonly [file: string, name: string];

const keyPair: TypeName = ["src/files/pem.ts", "KeyPair"];
const trust: TypeName = ["src/peer/trust/trust.ts", "TrustOptions"];
const relayOptions = "src/plugin/options/options.ts";
const authOptions = "src/plugin/options/auth.ts";

/** Each table of options: its page, the heading above it, what its names begin with, and the types that it has rows for. */
const tables: readonly (readonly [page: string, heading: string, prefix: string, types: TypeName[]])[] = [
  ["options", "# Options of `quicpipe()`", "", [[relayOptions, "QuicpipeOptions"]]],
  ["options", "## `forwarder`", "forwarder.", [[relayOptions, "ForwarderTuningOptions"]]],
  ["options", "## `xdp`", "xdp.", [["src/xdp/contract.ts", "XdpInterfaceOptions"]]],
  ["options", "## `limits`", "limits.", [["src/plugin/options/limits.ts", "LimitOptions"]]],
  ["tokens", "## Tokens of an issuer", "auth.", [[authOptions, "TokenAuthOptions"]]],
  ["tokens", "## A function of the app", "", [[authOptions, "AuthorizedPeer"]]],
  [
    "peer",
    "## `Peer.bind(options)`",
    "",
    [
      ["src/peer/options.ts", "PeerOptions"],
      ["src/peer/records.ts", "RecordOptions"],
    ],
  ],
  ["peer", "## `peer.dial(target, options)`", "", [["src/peer/dialing.ts", "DialOptions"], trust]],
  ["peer", "## `peer.accept(packets, options)`", "", [["src/peer/accepting.ts", "AcceptOptions"], trust]],
  [
    "peer",
    "## Tickets",
    "",
    [
      ["src/peer/ticket/invites.ts", "InviteOptions"],
      ["src/peer/dial-ticket.ts", "TicketDialOptions"],
    ],
  ],
  ["peer", "## `checkNetwork(options)`", "", [["src/peer/netcheck/check-network.ts", "NetworkCheckOptions"]]],
  ["gateway", "## `serve(app, options)`", "", [["src/gateway/serve.ts", "ServeOptions"]]],
  [
    "gateway",
    "## `serveHttp3(app, options)`",
    "",
    [["src/gateway/http3/server.ts", "Http3GatewayOptions"], keyPair],
  ],
  [
    "gateway",
    "## `serveHttp2(app, options)`",
    "",
    [["src/gateway/tcp/server.ts", "Http2GatewayOptions"], keyPair],
  ],
  ["gateway", "## `new Budget(limits)`", "", [["src/gateway/budget/limits.ts", "BudgetLimits"]]],
];

/** The second cells of a section's table by their first: the defaults. */
function defaultsOf(text: string): Record<string, number> {
  const rows = [...text.matchAll(/^\| `(?:\w+\.)?(\w+)` +\| ([^|]+)\|/gm)];
  return Object.fromEntries(rows.map(([, name, cell]) => [name!, numberIn(cell!)]));
}

/** Units as the tables write them; those of time in ms. */
const units: Readonly<Record<string, number>> = {
  KiB: 1024,
  MiB: 1024 ** 2,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
};

/** The number that a cell begins with: `100 000, …`, `32 MiB`, `an hour`. */
function numberIn(cell: string): number {
  const [, count, unit] = /^(an?|\d[\d ]*)(?<! ) ?(KiB|MiB|minute|hour|day)?/.exec(cell) ?? [];
  const number = count?.startsWith("a") ? 1 : Number(count?.replaceAll(" ", ""));
  return number * (units[unit ?? ""] ?? 1);
}

describe("the reference of options", () => {
  it.each(tables)("has a row for every option and for no other: %s, %s", (page, heading, prefix, types) => {
    const members = types.flatMap(([file, name]) => membersOf(file, name).map((member) => prefix + member));
    expect(members.length).toBeGreaterThan(2);
    expect(rowsOf(section(page, heading)).toSorted()).toEqual(members.toSorted());
  });
});

describe("the defaults in the reference of options", () => {
  it("are those of the limits of a relay", () => {
    expect(defaultsOf(section("options", "## `limits`"))).toEqual(resolveLimits(undefined));
  });

  it("are those of the limits of a budget", () => {
    expect(defaultsOf(section("gateway", "## `new Budget(limits)`"))).toEqual(new Budget().limits);
  });
});
