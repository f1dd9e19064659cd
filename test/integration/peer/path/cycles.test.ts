import { describe, expect } from "vitest";
import { inTurns } from "./in-turns.ts";
import { itWith } from "../../harness/requirement.ts";
import type { DirectWay } from "../../nat-lab/wire/ways.ts";
import { cycle } from "./cycle.ts";
import { PopulatedLab } from "./populated-lab.ts";

const pace = { bytesPerSecond: 40_000, turnMs: 25 } as const;

/** Each kind of site meets each kind of cut. */
const cuts: readonly (readonly [alice: string, bob: string, way?: DirectWay])[] = [
  ["open", "open"],
  ["port-dependent", "port-dependent"],
  ["double", "address-dependent"],
  ["open", "port-dependent", "alice-to-bob"],
  ["port-dependent", "address-dependent", "alice-to-bob"],
  ["double", "open", "alice-to-bob"],
  ["open", "address-dependent", "bob-to-alice"],
  ["port-dependent", "open", "bob-to-alice"],
  ["double", "port-dependent", "bob-to-alice"],
];

describe("two peers on a direct path", () => {
  itWith("netns")(
    "go back to the relay when it is cut, both ways or one, and are direct again when it is healed",
    async () => {
      await using lab = await PopulatedLab.open({
        alice: { open: "open", "port-dependent": "port-dependent", double: "double" },
        bob: { open: "open", "port-dependent": "port-dependent", "address-dependent": "address-dependent" },
      });
      const ends = await inTurns(cuts, cuts.length, async ([alice, bob, way]) => {
        const connected = await lab.connect(alice, bob, pace);
        await Promise.all([connected.alice.selected(), connected.bob.selected()]);
        await cycle(connected, way);
        return await connected.alice.finish();
      });
      expect(ends).toMatchObject(cuts.map(() => ({ isComplete: true, path: { kind: "direct" } })));
    },
  );
});
