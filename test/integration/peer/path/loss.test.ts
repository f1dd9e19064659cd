import { describe, expect } from "vitest";
import { itWith } from "../../harness/requirement.ts";
import { faultsOf, runLossy } from "./loss-run.ts";

describe("two peers on a direct path that loses 5 % of its packets in bursts", () => {
  itWith("netns", "python")("doubt it and stay on it, and lose no byte", async () => {
    expect(faultsOf(await runLossy(20_000))).toEqual([]);
  });
});
