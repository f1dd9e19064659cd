import type { BudgetStats } from "../../gateway/index.ts";

/** Formats the gateway's refusals, the most frequent first: `refused 12 × unsent-source, 3 × waits`. Empty without any. */
export function formatRefusals(refused: BudgetStats["refused"]): string {
  const counts = Object.entries(refused).toSorted(([, a], [, b]) => b - a);
  return counts.length === 0
    ? ""
    : `refused ${counts.map(([limit, count]) => `${count} × ${limit}`).join(", ")}`;
}
