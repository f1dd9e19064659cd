import { describe, expect, it } from "vitest";
import { judge } from "../../../bench/goals.ts";
import type { RowResult } from "../../../bench/row.ts";

function row(name: string, median: number, ratio?: number): RowResult {
  const subject = { median, range: [median, median] as const };
  return { name, unit: "kpps/core", subject, rounds: 1, ...(ratio === undefined ? {} : { ratio }) };
}

describe("the goals of the benchmark", () => {
  it("hold a ratio to the control, and a backend to another, against their targets", () => {
    const rows = [row("native/random-100k", 300, 0.65), row("dgram/random-100k", 120, 0.3)];
    expect(judge(rows)).toEqual([
      { about: "native of the control, random", target: 0.7, bound: "at least", value: 0.65, isMet: false },
      { about: "native over dgram, random", target: 2, bound: "at least", value: 2.5, isMet: true },
    ]);
  });

  it("hold the kernel path against native with what receiving costs it, on the same input and on frames", () => {
    const rows = [
      row("xdp-skb/random-100k", 500, 0.6),
      row("native-skb/random-100k", 250, 0.3),
      row("xdp-frames/random-100k", 1000, 0.2),
      row("native/random-100k", 350, 0.9),
    ];
    const values = judge(rows).map(({ about, value, isMet }) => [about, value, isMet]);
    expect(values).toContainEqual(["XDP over native, packets of the stack, random", 2, true]);
    expect(values).toContainEqual(["XDP on frames over native on packets of the stack, random", 4, false]);
  });

  it("know figures that are to be small", () => {
    const [met] = judge([row("native/table-1m", 64)]);
    const [missed] = judge([row("native/table-1m", 64.1)]);
    expect([met?.isMet, missed?.isMet]).toEqual([true, false]);
  });

  it("leave out what was not measured", () => {
    expect(judge([])).toEqual([]);
  });
});
