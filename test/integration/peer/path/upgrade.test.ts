import { describe, expect } from "vitest";
import { itWith } from "../../harness/requirement.ts";
import { createLab } from "../../nat-lab/lab.ts";
import { startTransfer } from "./lab-peers.ts";

describe("two peers in the open", () => {
  itWith("netns")(
    "go direct, back to the relay when the way is cut, and direct again when it is healed",
    async () => {
      await using lab = await createLab({ alice: "open", bob: "open" });
      const { alice, bob } = await startTransfer(lab);
      await Promise.all([alice.selected(), bob.selected()]);
      expect((await alice.report()).path).toMatchObject({ kind: "direct" });
      lab.cut();
      await Promise.all([alice.lost(), bob.lost()]);
      expect((await alice.report()).path).toMatchObject({ kind: "relay" });
      lab.heal();
      await Promise.all([alice.selected(), bob.selected()]);
      expect(await alice.finish()).toMatchObject({ isComplete: true });
    },
  );
});
