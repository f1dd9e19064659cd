import { expect, it } from "vitest";
import { faultsOf, type LossRun } from "../../integration/peer/path/loss-run.ts";

const kept: LossRun = { suspects: 600, demotions: [], bytes: 1000, isComplete: true, path: "direct" };

it("A run of a lossy path is right with any number of doubts", () => {
  expect(faultsOf(kept)).toEqual([]);
});

it("A run in which the path was left, bytes were lost or the relay is used is wrong", () => {
  const left = { ...kept, demotions: ["lossy"], path: "relay" };
  expect(faultsOf(left)).toEqual(["the direct path was left (lossy)", "packets take the relay in the end"]);
  expect(faultsOf({ ...kept, isComplete: false })).toEqual(["bytes were lost, changed or doubled"]);
});
