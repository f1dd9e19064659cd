import { describe, expect, it } from "vitest";
import type { Observation } from "../../../scripts/hostile/observation.ts";
import { attackLine, head, quietLine } from "../../../scripts/hostile/table.ts";
import { quiet } from "./quiet.ts";

const attacked: Observation = {
  ...quiet,
  rssBytes: 160 * 2 ** 20,
  longestTurnMs: 20,
  logBytes: 2048,
  visits: { http3: [22, undefined, 22], tcp: [10] },
  pair: { ...quiet.pair, received: 998, renewalsFailed: 2 },
};
const result = {
  attack: { name: "flood", unit: "datagrams", run: () => Promise.resolve() },
  quiet,
  attacked,
  report: { done: 12_345, isKilled: false, complaint: undefined },
  faults: [],
};

const cells = (line: string): string[] => line.trimEnd().split(/ {2,}/);

describe("the table of attacks", () => {
  it("has the quiet phase in absolute figures", () => {
    expect(cells(quietLine("quiet", quiet))).toEqual([
      "quiet",
      "100 MB",
      "11.0 ms",
      "5.0 ms",
      "0/6",
      "5.0 ms",
      "1000/6/5",
      "0",
      "0.0 kB",
    ]);
  });

  it("has an attack's work, and what it cost in relation to the quiet phase", () => {
    expect(cells(attackLine("flood", result))).toEqual([
      "flood",
      "12.3K datagrams",
      "+60 MB",
      "2.0×",
      "2.0×",
      "1/4",
      "4.0×",
      "998/4/5",
      "2",
      "2.0 kB",
      "holds",
    ]);
  });

  it("tells what failed", () => {
    const line = attackLine("flood", { ...result, faults: ["memory grew", "the log is flooded"] });
    expect(line).toMatch(/FAILS: memory grew; the log is flooded\n$/);
  });

  it("has a name for each column", () => {
    expect(cells(head())).toHaveLength(cells(attackLine("flood", result)).length);
  });
});
