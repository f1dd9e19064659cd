import { describe, expect, it } from "vitest";
import { figuresOf, spreadOf } from "../../../scripts/nat/figures.ts";
import type { CellRun } from "../../integration/peer/path/cell-run.ts";
import { type Cell, cells } from "../../integration/peer/path/matrix.ts";

const cell: Cell = { alice: "open", bob: "double", outcome: "direct" };
const direct: CellRun = {
  outcome: "direct",
  afterMs: 40,
  refusals: [],
  cut: { stallMs: 200, againMs: 5000 },
  isKept: true,
};
const relay: CellRun = {
  outcome: "checks-timeout",
  afterMs: undefined,
  refusals: ["checks-timeout"],
  cut: undefined,
  isKept: true,
};

describe("the matrix of NATs", () => {
  it("has each pair once", () => {
    expect(new Set(cells.map(({ alice, bob }) => [alice, bob].toSorted().join())).size).toBe(cells.length);
  });
});

describe("the figures of a pair", () => {
  it("tell how often it went direct, and how soon", () => {
    const figures = figuresOf(cell, [direct, { ...direct, afterMs: 60 }, { ...direct, afterMs: 900 }]);
    expect(figures).toMatchObject({ runs: 3, outcomes: [["direct", 3]], faults: [] });
    expect(figures.afterMs).toEqual({ median: 60, p95: 900 });
  });

  it("name each fault once: another outcome, a late one, none after a cut, and lost bytes", () => {
    const { outcomes, faults } = figuresOf(cell, [
      relay,
      relay,
      { ...direct, afterMs: 3001, refusals: ["slower-than-relay"] },
      { ...direct, cut: { stallMs: 200, againMs: undefined }, isKept: false },
    ]);
    expect(outcomes).toEqual([
      ["checks-timeout", 2],
      ["direct", 2],
    ]);
    expect(faults).toEqual([
      "open | double: checks-timeout, not direct",
      "open | double: direct after 3001 ms, not 3000 (slower-than-relay)",
      "open | double: not direct again 30000 ms after a cut",
      "open | double: bytes were lost, or the relay was left",
    ]);
  });
});

describe("the spread of times", () => {
  it("is their median and 95th percentile, of times that there were", () => {
    expect(spreadOf(Array.from({ length: 20 }, (_, index) => 20 - index))).toEqual({ median: 10, p95: 19 });
    expect(spreadOf([7])).toEqual({ median: 7, p95: 7 });
    expect(spreadOf([])).toBeUndefined();
  });
});
