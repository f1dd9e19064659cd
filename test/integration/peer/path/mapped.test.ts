import { describe, expect } from "vitest";
import { itWith } from "../../harness/requirement.ts";
import { mappedAddressOf, type Place } from "../../nat-lab/addresses.ts";
import { createLab, type Lab } from "../../nat-lab/lab.ts";
import type { Kind } from "../../nat-lab/site/rules.ts";
import { startTransfer } from "./lab-peers.ts";

/** Whose NAT is symmetric, and what kind the other one's is. */
const pairs: readonly (readonly [symmetric: Place, other: Place, kind: Kind])[] = [
  ["alice", "bob", "port-dependent"],
  ["bob", "alice", "port-dependent"],
  ["alice", "bob", "symmetric"],
];

async function labOf(place: Place, kind: Kind): Promise<Lab> {
  return await createLab({ alice: kind, bob: kind, [place]: "symmetric" });
}

describe("two peers behind NATs of which neither lets the other in", () => {
  itWith("netns", "miniupnpd").each(pairs)(
    "go direct where the router of %s maps a port, by which %s, behind a %s one, comes in",
    async (place, other, kind) => {
      await using lab = await labOf(place, kind);
      await lab.mapPorts(place);
      const peers = await startTransfer(lab);
      await Promise.all([peers.alice.selected(), peers.bob.selected()]);
      const { remote } = peers[other].told.findLast((line) => line.kind === "selected")!;
      expect(remote).toMatch(new RegExp(`^${mappedAddressOf(place, 0)}:\\d+$`));
      expect(await peers.alice.finish()).toMatchObject({ isComplete: true });
    },
  );

  itWith("netns").each(pairs)(
    "stay on the relay where that of %s maps none, and %s is behind a %s one",
    async (place, _, kind) => {
      await using lab = await labOf(place, kind);
      const { alice } = await startTransfer(lab);
      const reason = kind === "symmetric" ? "nat-hard-both" : "checks-timeout";
      expect(await alice.refused()).toMatchObject({ reason });
    },
  );
});
