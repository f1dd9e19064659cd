import { setTimeout as delay } from "node:timers/promises";
import { describe, expect } from "vitest";
import { itWith } from "../harness/requirement.ts";
import { createLab } from "./lab.ts";
import { comesIn } from "./probe.ts";
import type { Kind } from "./site/rules.ts";
import { viewOf } from "./view.ts";

const itBuilds = itWith("netns", "python");

describe("the mappings of a NAT", () => {
  itBuilds.each<Kind>(["full-cone", "symmetric", "sequential", "double"])(
    "that is %s are others after it forgot them, and lead nowhere before",
    async (kind) => {
      await using lab = await createLab({ alice: kind, bob: "open" });
      const { alice, relay, seen } = await viewOf(lab);
      lab.forgetMappings("alice");
      expect(await comesIn(relay[0], seen[0], alice, relay[1])).toBe(false);
      const { port } = await alice.reach(relay[0]);
      expect(port).not.toBe(seen[0].port);
      await alice.received(relay[0].send({ ...seen[0], port }));
    },
  );

  itBuilds("are of its other address after it was renumbered", async () => {
    await using lab = await createLab({ alice: "full-cone", bob: "open" });
    const { alice, relay, seen } = await viewOf(lab);
    for (const address of ["198.51.100.3", "198.51.100.2"]) {
      lab.renumber("alice");
      const mapped = await alice.reach(relay[0]);
      expect(mapped.address).toBe(address);
      await alice.received(relay[1].send(mapped));
    }
    expect(await comesIn(relay[1], seen[0], alice, relay[0])).toBe(false);
  });

  itBuilds.each<Kind>(["full-cone", "port-dependent"])(
    "that is %s end when nothing has used them for the time given",
    async (kind) => {
      await using lab = await createLab({ alice: kind, bob: "open", mappingSeconds: 2 });
      const { alice, relay } = await viewOf(lab);
      const mapped = await alice.reach(relay[0]);
      await alice.received(relay[0].send(mapped));
      await delay(2500);
      expect(await comesIn(relay[0], mapped, alice, relay[1])).toBe(false);
    },
  );
});
