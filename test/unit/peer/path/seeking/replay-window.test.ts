import { expect, it } from "vitest";
import { ReplayWindow } from "../../../../../src/peer/path/seeking/replay-window.ts";

it("Each number is taken once, in whatever order, up to 63 below the highest", () => {
  const window = new ReplayWindow();
  const order = [0, 2, 1, 2, 0, 70, 7, 6, 8, 7, 70, 69];
  expect(order.map((number) => window.take(number))).toEqual([
    true,
    true,
    true,
    false,
    false,
    true,
    true,
    false,
    true,
    false,
    false,
    true,
  ]);
});

it("A number far above the highest begins anew", () => {
  const window = new ReplayWindow();
  expect([5, 4_000_000_000, 5, 3_999_999_999].map((number) => window.take(number))).toEqual([
    true,
    true,
    false,
    true,
  ]);
});

it("Any sequence of numbers has no number twice", () => {
  const window = new ReplayWindow();
  const taken = Array.from({ length: 5000 }, (_, i) => (i * 7919) % 1000).filter((number) =>
    window.take(number),
  );
  expect(new Set(taken).size).toBe(taken.length);
});
