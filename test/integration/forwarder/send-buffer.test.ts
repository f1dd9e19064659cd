import { describe, expect } from "vitest";
import type { ForwarderStats } from "../../../src/forwarder/index.ts";
import { projectPath } from "../harness/child.ts";
import { Namespace } from "../harness/network/namespaces.ts";
import { itWith } from "../harness/requirement.ts";

/** What a backend counts that has to relay to a machine which is not there. */
async function statsOf(backend: "dgram" | "native"): Promise<ForwarderStats> {
  const [relay, neighbour] = [new Namespace("full"), new Namespace("near")];
  relay.connect("out", "203.0.113.1/24", neighbour, "in", "203.0.113.2/24");
  const program = projectPath("test/integration/forwarder/programs/unreachable.ts");
  const child = relay.start(process.execPath, [program, backend, "203.0.113.77"], {});
  expect(await child.exited, child.stderr()).toBe(0);
  return JSON.parse(child.stdout()) as ForwarderStats;
}

describe("a socket whose send buffer is full", () => {
  itWith("netns")("makes dgram drop and count, once it has queued what it may", async () => {
    const { dropped } = await statsOf("dgram");
    expect(dropped["send-buffer-full"]).toBeGreaterThan(0);
  });

  itWith("netns", "native")("makes native drop and count at once", async () => {
    const { dropped, relayed } = await statsOf("native");
    expect(dropped["send-buffer-full"]).toBeGreaterThan(0);
    // The socket's buffer, twice what was asked for as Linux counts its own overhead, and nothing beyond it.
    expect(relayed.bytes).toBeLessThan(2 * 65_536);
  });
});
