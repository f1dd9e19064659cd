import { describe, expect } from "vitest";
import { itWith } from "../../harness/requirement.ts";
import { createLab } from "../../nat-lab/lab.ts";
import type { Kind } from "../../nat-lab/site/rules.ts";
import type { LabPeer, Told } from "./lab-peer.ts";
import { startTransfer } from "./lab-peers.ts";

/** Whether it is known what has become of the paths. */
function isOver({ event, kind }: Told): boolean {
  return event === "path" && (kind === "selected" || kind === "refused");
}

async function outcomeFor(peer: LabPeer): Promise<string> {
  const { kind, reason } = await peer.next(isOver);
  return reason ?? kind!;
}

/** Connects two peers in a laboratory of their own, and returns what becomes of them: a direct path, or why not. */
async function outcomeOf(kinds: { alice: Kind; bob: Kind }, birthdaySearch: boolean): Promise<string> {
  await using lab = await createLab(kinds);
  const { alice, bob } = await startTransfer(lab, { birthdaySearch });
  const [own, other] = await Promise.all([outcomeFor(alice), outcomeFor(bob)]);
  const { isComplete, path } = await alice.finish();
  expect([isComplete, own]).toEqual([true, other]);
  expect(path!.kind).toBe(own === "selected" ? "direct" : "relay");
  return own;
}

/** A search fails in 1 of 60 cases, and three of them in 1 of 200 000. */
async function outcomesOf(kinds: { alice: Kind; bob: Kind }): Promise<string[]> {
  const outcomes: string[] = [];
  while (outcomes.at(-1) !== "selected" && outcomes.length < 3) outcomes.push(await outcomeOf(kinds, true));
  return outcomes;
}

describe("peers of which one is behind a NAT of random ports and the other behind a strict one", () => {
  itWith("netns").each<[Kind, Kind]>([
    ["symmetric", "port-dependent"],
    ["unfiltered", "symmetric"],
  ])("go direct where both search, from %s to %s", async (alice, bob) => {
    expect((await outcomesOf({ alice, bob })).at(-1)).toBe("selected");
  });

  itWith("netns")("stay on the relay where they do not", async () => {
    const kinds = { alice: "symmetric", bob: "port-dependent" } as const;
    expect(await outcomeOf(kinds, false)).toBe("checks-timeout");
  });
});
