import { describe, expect, it } from "vitest";
import { figuresOf } from "../../../scripts/nat/figures.ts";
import { tableOf } from "../../../scripts/nat/table.ts";
import type { CellRun } from "../../integration/peer/path/cell-run.ts";

const direct: CellRun = { outcome: "direct", afterMs: 40, refusals: [], cut: undefined, isKept: true };
const relay: CellRun = {
  outcome: "checks-timeout",
  afterMs: undefined,
  refusals: ["checks-timeout"],
  cut: undefined,
  isKept: true,
};

describe("the table of all pairs", () => {
  it("has times for what went direct, the share if not all did, and else the reason", () => {
    const table = tableOf([
      figuresOf({ alice: "open", bob: "open", outcome: "direct" }, [direct, { ...direct, afterMs: 60 }]),
      figuresOf({ alice: "open", bob: "full-cone", outcome: "direct" }, [direct, relay]),
      figuresOf({ alice: "symmetric", bob: "symmetric", outcome: "checks-timeout" }, [relay]),
      figuresOf({ alice: "together", bob: "together", outcome: "direct" }, [direct]),
    ]);
    const [head, ...lines] = table.split("\n").map((line) => line.split(/ {2,}/));
    expect(head!.slice(0, 3)).toEqual(["", "open", "cone"]);
    expect(lines).toEqual([
      ["open", "40/60", "50% 40/40"],
      ["symmetric", "timeout"],
      ["together | together: 40/40"],
      [""],
    ]);
  });
});
