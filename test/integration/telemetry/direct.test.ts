import { describe, expect } from "vitest";
import { projectPath } from "../harness/child.ts";
import { itWith } from "../harness/requirement.ts";
import { createLab } from "../nat-lab/lab.ts";
import { type LabPeer, startTransfer } from "../peer/path/lab-peers.ts";
import type { PrintedSpan } from "./printed-span.ts";

const printSpans = projectPath("test/integration/telemetry/programs/print-spans.ts");

function spansOf({ told }: LabPeer, name: string): PrintedSpan[] {
  const printed = told.filter(({ event }) => event === "span") as unknown as PrintedSpan[];
  return printed.filter((span) => span.name === name);
}

const found = {
  "quicpipe.direct.outcome": "direct",
  "quicpipe.direct.rtt_ms": expect.any(Number) as number,
  "network.type": "ipv4",
};

describe("a direct path that is found, cut and found again", () => {
  itWith("netns")("has a span for each search, of each peer, below its dial or accept", async () => {
    await using lab = await createLab({ alice: "open", bob: "open" });
    const { alice, bob } = await startTransfer(lab, { env: { NODE_OPTIONS: `--import=${printSpans}` } });
    await Promise.all([alice.selected(), bob.selected()]);
    lab.cut();
    await Promise.all([alice.lost(), bob.lost()]);
    lab.heal();
    await Promise.all([alice.selected(), bob.selected()]);
    for (const [peer, name] of [
      [alice, "quicpipe.dial"],
      [bob, "quicpipe.accept"],
    ] as const) {
      const [parent] = spansOf(peer, name);
      const searches = spansOf(peer, "quicpipe.direct");
      expect(searches.map(({ parentId }) => parentId)).toEqual([parent!.id, parent!.id]);
      const [first, again] = searches.map(({ attributes }) => attributes);
      expect(first).toEqual(found);
      expect(again).toEqual({ ...found, "quicpipe.direct.lost_reason": expect.any(String) as string });
    }
  });
});
