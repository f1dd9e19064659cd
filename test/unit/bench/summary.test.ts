import { describe, expect, it } from "vitest";
import { percentile, summarise } from "../../../bench/summary.ts";

describe("the summary of a comparison", () => {
  it("takes the ratio round by round, so that a machine that slows down does not show", () => {
    const { ratio, subject, control } = summarise("bare", { control: [100, 50, 10], subject: [90, 45, 9] });
    expect(ratio).toBe(0.9);
    expect(subject).toEqual({ median: 45, range: [9, 90] });
    expect(control).toEqual({ name: "bare", median: 50, range: [10, 100] });
  });

  it("takes the middle between the two middle rounds of an even number", () => {
    expect(summarise("bare", { control: [1, 1], subject: [2, 3] }).subject.median).toBe(2.5);
  });
});

describe("a percentile", () => {
  it("is the least measurement that so many are not above", () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(percentile(hundred, 95)).toBe(95);
    expect(percentile([3, 1, 2], 95)).toBe(3);
  });
});
