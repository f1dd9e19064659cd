import { describe, expect, it } from "vitest";
import { runFigures } from "./figures.ts";

interface Cost {
  readonly totalMs: number;
  readonly longestTurnMs: number;
}

/** The largest part of it that goes on in one turn of the event loop, in the round with the least noise. */
function turnShare(rounds: readonly Cost[]): number {
  return Math.min(...rounds.map(({ totalMs, longestTurnMs }) => longestTurnMs / totalMs));
}

/** How many times one takes the other's time, each in its best round. */
function multiple(rounds: readonly Cost[], others: readonly Cost[]): number {
  const least = (costs: readonly Cost[]): number => Math.min(...costs.map(({ totalMs }) => totalMs));
  return least(rounds) / least(others);
}

describe("the statistics of 100 000 registrations", () => {
  it("are sampled and searched without keeping others waiting", { timeout: 120_000 }, async () => {
    type Statistic = "sampling" | "byRate" | "filtered" | "lastPage";
    const costs = await runFigures<Record<Statistic, Cost[]>>("../../../bench/subjects/statistics.ts", 6);
    const { sampling, byRate, filtered, lastPage } = costs;
    const shares = [sampling, byRate, filtered].map(turnShare);
    const multiples = [multiple(sampling, filtered), multiple(lastPage, filtered)] as const;
    console.log(`statistics: ${shares.join(", ")} in one turn; ${multiples.join(", ")} times a search`);
    // All of it would be 1. A slice of a sample is 1/25, one of a search is of 3 ms, whatever the machine does in those.
    for (const share of shares) expect(share).toBeLessThan(0.5);
    // A sample looks at each once, as a search does. `npm run bench` has the bounds in ms.
    expect(multiples[0]).toBeLessThan(5);
    // What goes before a page is skipped.
    expect(multiples[1]).toBeLessThan(0.5);
  });
});
