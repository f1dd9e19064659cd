import { describe, expect } from "vitest";
import { itWith } from "../../harness/requirement.ts";
import { faultsOf, inShifts, runCell } from "./cell-run.ts";
import { cells, nameOf, sitesOf } from "./matrix.ts";
import { PopulatedLab } from "./populated-lab.ts";

const pace = { bytesPerSecond: 40_000, turnMs: 25 } as const;

describe("two peers", () => {
  itWith("netns")("go direct where their NATs allow it, say why where not, and lose nothing", async () => {
    await using lab = await PopulatedLab.open(sitesOf(cells));
    const faults = await inShifts(cells, 8, async (cell) => {
      const run = await runCell(lab, cell, pace);
      return faultsOf(cell, run).map((fault) => `${nameOf(cell)}: ${fault}`);
    });
    expect(faults.flat()).toEqual([]);
  });
});
