import type { BudgetStats } from "../../gateway/index.ts";

/** What the gateway refused, the most frequent first: `refused 12 × unsent-source, 3 × waits`; empty if nothing. */
export function formatRefusals(refused: BudgetStats["refused"]): string {
  const counts = Object.entries(refused).toSorted(([, a], [, b]) => b - a);
  return counts.length === 0
    ? ""
    : `refused ${counts.map(([limit, count]) => `${count} × ${limit}`).join(", ")}`;
}
