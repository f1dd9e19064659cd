import { describe, expect } from "vitest";
import { itWith } from "../../harness/requirement.ts";
import { createLab } from "../../nat-lab/lab.ts";
import type { Kinds } from "../../nat-lab/site/homes.ts";
import { startTransfer } from "./lab-peers.ts";

const kinds = [
  "open",
  "full-cone",
  "address-dependent",
  "port-dependent",
  "symmetric",
  "double",
  "firewall-v4",
  "relay-only",
] as const;
type Kind = (typeof kinds)[number];

/** What lets in only what it has sent to, port by port. */
const strict: readonly Kind[] = ["port-dependent", "symmetric", "double", "firewall-v4"];

/** What becomes of two peers in such places. */
function expected(alice: Kind, bob: Kind): string {
  const isHard = (one: Kind, other: Kind): boolean => one === "symmetric" && strict.includes(other);
  if (alice === "relay-only" || bob === "relay-only") return "checks-timeout";
  return isHard(alice, bob) || isHard(bob, alice) ? "checks-timeout" : "direct";
}

/** Connects two peers, and tells whether both go direct, or why not. All that is sent arrives, and comes back. */
async function outcome(alice: Kinds, bob: Kinds, family: "ipv4" | "ipv6" = "ipv4"): Promise<string> {
  await using lab = await createLab({ alice, bob });
  const peers = await startTransfer(lab, {}, family);
  const isOver = ({ kind }: { kind?: string }): boolean => kind === "selected" || kind === "refused";
  const [own, other] = await Promise.all([peers.alice.next(isOver), peers.bob.next(isOver)]);
  const done = await peers.alice.finish();
  const outcomes = [own, other].map(({ kind, reason }) => (kind === "selected" ? "direct" : reason));
  return outcomes[0] === outcomes[1] && done.isComplete
    ? outcomes[0]!
    : `${outcomes.join(" and ")}, ${done.isComplete}`;
}

/** Runs a row of pairs, some at a time. */
async function row<Name extends string>(
  names: readonly Name[],
  run: (name: Name) => Promise<string>,
): Promise<Record<string, string>> {
  const left = [...names];
  const outcomes: Record<string, string> = {};
  const work = async (): Promise<void> => {
    for (let name; (name = left.shift()) !== undefined;) outcomes[name] = await run(name);
  };
  await Promise.all(Array.from({ length: 4 }, work));
  return outcomes;
}

describe("two peers", () => {
  for (const [index, alice] of kinds.entries())
    itWith("netns")(
      `of which one is ${alice} go direct where that can be, and say why where not`,
      async () => {
        const others = kinds.slice(index);
        const outcomes = await row(others, (bob) => outcome(alice, bob));
        expect(outcomes).toEqual(Object.fromEntries(others.map((bob) => [bob, expected(alice, bob)])));
      },
    );

  itWith("netns")("go direct by IPv6, through firewalls too, also where IPv4 has none", async () => {
    const ways = {
      "open and firewall": () => outcome("open-v6", "firewall-v6", "ipv6"),
      "two firewalls": () => outcome("firewall-v6", "firewall-v6", "ipv6"),
      "two symmetric NATs for IPv4": () =>
        outcome(["symmetric", "firewall-v6"], ["symmetric", "firewall-v6"]),
    };
    const names = Object.keys(ways) as (keyof typeof ways)[];
    const outcomes = await row(names, (name) => ways[name]());
    expect(outcomes).toEqual(Object.fromEntries(names.map((name) => [name, "direct"])));
  });

  itWith("netns")("in one network go direct in there", async () => {
    await using lab = await createLab({ together: "port-dependent" });
    const { alice } = await startTransfer(lab);
    const { remote } = await alice.selected();
    expect(remote).toMatch(/^192\.168\./);
    expect(await alice.finish()).toMatchObject({ isComplete: true });
  });
});
