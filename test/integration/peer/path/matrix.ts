import type { Kinds } from "../../nat-lab/site/homes.ts";
import type { WideLabOptions } from "../../nat-lab/wide-lab.ts";

/** Sites by name, of which there is one for alice and one for bob. */
const sites: Readonly<Record<string, Kinds>> = {
  open: "open",
  "full-cone": "full-cone",
  "address-dependent": "address-dependent",
  "port-dependent": "port-dependent",
  symmetric: "symmetric",
  double: "double",
  "firewall-v4": "firewall-v4",
  "relay-only": "relay-only",
  sequential: "sequential",
  reject: "reject",
  unfiltered: "unfiltered",
  "open-v6": "open-v6",
  "firewall-v6": "firewall-v6",
  "symmetric, firewall-v6": ["symmetric", "firewall-v6"],
};

/** The site that both peers live in. */
const sharedSites: Readonly<Record<string, Kinds>> = { together: "port-dependent" };

/** What has to become of two peers: a direct path, or the reason why there is none. */
export type Outcome = "direct" | "checks-timeout" | "nat-hard-both" | "udp-blocked" | "no-candidates";

/** Two peers in their sites. */
export interface Cell {
  readonly alice: string;
  readonly bob: string;
  readonly outcome: Outcome;
}

/** Of each pair the first dials the second. */
const rows: readonly string[] = [
  "open",
  "full-cone",
  "address-dependent",
  "port-dependent",
  "symmetric",
  "double",
  "firewall-v4",
  "relay-only",
];

/** Choose another port for each destination. The next one of a sequential NAT is predicted, unless the other side is such a one too. */
const changing: ReadonlySet<string> = new Set(["symmetric", "sequential"]);

/** Let in only what they have sent to, port by port. */
const strict: ReadonlySet<string> = new Set([
  "port-dependent",
  "double",
  "firewall-v4",
  "reject",
  "unfiltered",
  "symmetric",
  "sequential",
]);

/** Whether a NAT of a cell counts its ports. */
export function countsPorts({ alice, bob }: Pick<Cell, "alice" | "bob">): boolean {
  return alice === "sequential" || bob === "sequential";
}

export function nameOf({ alice, bob }: Pick<Cell, "alice" | "bob">): string {
  return `${alice} | ${bob}`;
}

function cell(alice: string, bob: string, outcome = expected(alice, bob)): Cell {
  return { alice, bob, outcome };
}

/** Whether the first chooses another port for the second, who lets in only what it has sent to. */
function isHard(one: string, other: string): boolean {
  return changing.has(one) && strict.has(other);
}

function expected(alice: string, bob: string): Outcome {
  const hard = [alice, bob].filter((site) => changing.has(site)).length;
  if (alice === "relay-only" || bob === "relay-only") return hard > 0 ? "checks-timeout" : "udp-blocked";
  if (hard === 2) return "nat-hard-both";
  if (countsPorts({ alice, bob })) return "direct";
  return isHard(alice, bob) || isHard(bob, alice) ? "checks-timeout" : "direct";
}

export const cells: readonly Cell[] = [
  ...rows.flatMap((alice, index) => rows.slice(index).map((bob) => cell(alice, bob))),
  ...["open", "address-dependent", "symmetric", "firewall-v4", "sequential"].map((alice) =>
    cell(alice, "sequential"),
  ),
  ...["full-cone", "port-dependent", "double"].map((bob) => cell("sequential", bob)),
  ...["reject", "unfiltered"].flatMap((bob) =>
    ["open", "address-dependent", "port-dependent", bob].map((alice) => cell(alice, bob)),
  ),
  cell("open-v6", "firewall-v6", "direct"),
  cell("firewall-v6", "firewall-v6", "direct"),
  cell("symmetric, firewall-v6", "symmetric, firewall-v6", "direct"),
  cell("together", "together", "direct"),
  // One has IPv6 alone, the other IPv4.
  cell("open-v6", "open", "no-candidates"),
];

/** The sites of these cells. */
export function sitesOf(some: readonly Cell[]): WideLabOptions {
  return {
    alice: pick(
      sites,
      some.map(({ alice }) => alice),
    ),
    bob: pick(
      sites,
      some.map(({ bob }) => bob),
    ),
    together: pick(
      sharedSites,
      some.map(({ alice }) => alice),
    ),
  };
}

/** Whether peers of a cell need sockets for both IP versions. */
export function isDual({ alice, bob }: Cell): boolean {
  return [alice, bob].every((site) => Array.isArray(sites[site]));
}

function pick(from: Readonly<Record<string, Kinds>>, names: readonly string[]): Record<string, Kinds> {
  return Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name)));
}
