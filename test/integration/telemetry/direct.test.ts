import { describe, expect } from "vitest";
import { projectPath } from "../harness/child.ts";
import { itWith } from "../harness/requirement.ts";
import { createLab } from "../nat-lab/lab.ts";
import { startTransfer } from "../peer/path/lab-peers.ts";
import type { PeerProgram } from "../peer/path/peer-program.ts";
import type { PrintedSpan } from "./printed-span.ts";

const printSpans = projectPath("test/integration/telemetry/programs/print-spans.ts");

function spansOf({ lines }: PeerProgram, name: string): PrintedSpan[] {
  const printed = lines.filter(({ event }) => event === "span") as unknown as PrintedSpan[];
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
    const env = { NODE_OPTIONS: `--import=${printSpans}` };
    const { alice, bob, programs } = await startTransfer(lab, { env });
    await Promise.all([alice.selected(), bob.selected()]);
    lab.cut();
    await Promise.all([alice.lost(), bob.lost()]);
    lab.heal();
    await Promise.all([alice.selected(), bob.selected()]);
    for (const [program, name] of [
      [programs.alice, "quicpipe.dial"],
      [programs.bob, "quicpipe.accept"],
    ] as const) {
      const [parent] = spansOf(program, name);
      const searches = spansOf(program, "quicpipe.direct");
      expect(searches.map(({ parentId }) => parentId)).toEqual([parent!.id, parent!.id]);
      const [first, again] = searches.map(({ attributes }) => attributes);
      expect(first).toEqual(found);
      expect(again).toEqual({ ...found, "quicpipe.direct.lost_reason": expect.any(String) as string });
    }
  });
});
