import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect } from "vitest";
import { inTurns } from "./in-turns.ts";
import { itWith } from "../../harness/requirement.ts";
import type { Kinds } from "../../nat-lab/site/homes.ts";
import type { Pace } from "../programs/exchange.ts";
import type { LabPeer } from "./lab-peer.ts";
import { type Connected, PopulatedLab } from "./populated-lab.ts";

const steady: Pace = { bytesPerSecond: 40_000, turnMs: 25 };
/** The relay learns of a new mapping with the next keepalive, in ms. */
const keepaliveMs = 1000;
/** Something each 6 s: the path is parked in between, and its mappings end. */
const rare: Pace = { bytesPerSecond: 200, turnMs: 6000 };

/** Something that happens to two peers on a direct path, each in a site of its own. */
interface Change {
  readonly alice: Kinds;
  readonly bob: Kinds;
  readonly pace?: Pace;
  /** Address to bind. */
  readonly host?: string;
  happen(connected: Connected): Promise<void> | void;
}

const changes: Readonly<Record<string, Change>> = {
  "a NAT forgets its mappings, and makes others": {
    alice: "full-cone",
    bob: "port-dependent",
    happen: ({ pair }) => pair.forgetMappings("alice"),
  },
  "a NAT forgets its mappings, and makes the same again": {
    alice: "double",
    bob: "port-dependent",
    happen: ({ pair }) => pair.forgetMappings("bob"),
  },
  "a NAT gets another address": {
    alice: "open",
    bob: "address-dependent",
    happen: ({ pair }) => pair.renumber("bob"),
  },
  "mappings end in a silence": {
    alice: "full-cone",
    bob: "port-dependent",
    pace: rare,
    happen: () => undefined,
  },
  "a host leaves its network for a while": {
    alice: "port-dependent",
    bob: "firewall-v4",
    happen: async ({ pair }) => {
      pair.unplug("alice");
      await sleep(1500);
      pair.plugIn("alice");
    },
  },
  "a host loses IPv6, by which it is direct": {
    alice: ["full-cone", "firewall-v6"],
    bob: ["port-dependent", "firewall-v6"],
    host: "::",
    happen: ({ pair }) => pair.unplug("alice", 6),
  },
};

/** Waits until a peer is on a direct path, and `bytes` more have come back. */
async function goesOn(peer: LabPeer, bytes: number): Promise<void> {
  const { received: first } = await peer.report();
  for (;;) {
    const { received, path } = await peer.report();
    if (path!.kind === "direct" && received! - first! >= bytes) return;
    await sleep(100);
  }
}

describe("two peers on a direct path", () => {
  itWith("netns", "python")(
    "are direct again, and lose nothing, after their network has changed",
    async () => {
      const all = Object.entries(changes);
      const sites = (place: "alice" | "bob"): Record<string, Kinds> =>
        Object.fromEntries(all.map(([name, change]) => [name, change[place]]));
      await using lab = await PopulatedLab.open({
        alice: sites("alice"),
        bob: sites("bob"),
        mappingSeconds: 3,
      });
      const ends = await inTurns(all, all.length, async ([name, { pace = steady, host, happen }]) => {
        const connected = await lab.connect(name, name, pace, { keepaliveMs, ...(host && { host }) });
        await Promise.all([connected.alice.selected(), connected.bob.selected()]);
        await happen(connected);
        await goesOn(connected.alice, 2 * Math.max(1, pace.turnMs / 1000) * pace.bytesPerSecond);
        return await connected.alice.finish();
      });
      expect(ends).toMatchObject(all.map(() => ({ isComplete: true, path: { kind: "direct" } })));
    },
  );
});
