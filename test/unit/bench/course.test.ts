import { describe, expect, it } from "vitest";
import { drawCourse } from "../../../bench/course.ts";
import type { BenchReport } from "../../../bench/report.ts";
import type { Course } from "../../../bench/row.ts";

const machine = { cpu: "a <fast> CPU", cores: 2, kernel: "linux 6", node: "v24" };
const report: BenchReport = {
  machine,
  commit: "abc",
  packetBytes: 1200,
  rows: [],
  skipped: [],
  goals: [],
};

const course: Course = {
  binMs: 1000,
  rates: [2, 4, 0, 4],
  legs: [
    { fromMs: 0, ways: "relay" },
    { fromMs: 1000, ways: "direct" },
    { fromMs: 2000, ways: "both" },
    { fromMs: 2010, ways: "relay" },
  ],
  marks: [{ atMs: 2000, text: "cut" }],
};

describe("the picture of a course", () => {
  const svg = drawCourse(course, report);

  it("has a step for each bin, as high as what came then", () => {
    const steps = /class="rate" d="M56,216(.*)V216Z"/.exec(svg)![1];
    expect(steps).toBe("V166H227V116H398V216H569V116H740");
  });

  it("has the ways one after the other, and says what their colours mean", () => {
    const bars = [...svg.matchAll(/<rect class="(\w+)" x="(\d+)" y="(\d+)" width="(\d+)"/g)];
    expect(bars.map(([, ...bar]) => bar)).toEqual([
      ["relay", "430", "16", "16"],
      ["direct", "538", "16", "16"],
      ["both", "646", "16", "16"],
      ["relay", "56", "218", "171"],
      ["direct", "227", "218", "171"],
      ["both", "398", "218", "2"],
      ["relay", "400", "218", "340"],
    ]);
  });

  it("marks what was done, and when", () => {
    expect(svg).toMatch(/<line class="line" x1="398" x2="398".*\n<text class="mark" x="398".*>cut</);
  });

  it("escapes what the system says of itself", () => {
    expect(svg).toContain("a &lt;fast&gt; CPU");
  });
});
