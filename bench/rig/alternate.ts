import type { Effort, Lab } from "../row.ts";
import type { Rounds } from "../summary.ts";

const sides = ["control", "subject"] as const;

/** Measures control and subject in turn, so that both meet the same conditions. Discards the warm-up rounds. */
export async function alternate(
  { rounds, warmUpRounds }: Effort,
  progress: Lab["progress"],
  unit: string,
  measure: (side: (typeof sides)[number]) => Promise<number>,
): Promise<Rounds> {
  const figures = { control: [] as number[], subject: [] as number[] };
  for (let round = 1 - warmUpRounds; round <= rounds; round++)
    for (const side of sides) {
      const figure = await measure(side);
      if (round > 0) figures[side].push(figure);
      progress(`${round > 0 ? `round ${round}` : "warm-up"}, ${side}: ${figure.toFixed(1)} ${unit}`);
    }
  return figures;
}
