import { expectTypeOf, it } from "vitest";
import type { Snapshot } from "../../../../src/console/browser/snapshot.ts";
import type { StatsEvent } from "../../../../src/plugin/stats/events.ts";

// Types alone: it is the type check that this test passes or fails.
it("the console reads no figure that the relay does not send", () => {
  expectTypeOf<StatsEvent>().toExtend<Snapshot>();
});
