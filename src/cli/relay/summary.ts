import type { BudgetStats } from "../../gateway/index.ts";
import type { RelayStats } from "../../plugin/index.ts";
import { formatBytes } from "../terminal-text.ts";

/** Returns what a relay has done, a sentence each. */
export function summaryOf({ relayed, path, backend }: RelayStats, { refused }: BudgetStats): string[] {
  const inKernel = path.kernel.packets > 0 ? `, ${path.kernel.packets} of them in the kernel` : "";
  const done = `relayed ${relayed.packets} packets, ${formatBytes(relayed.bytes)} (${backend}${inKernel})`;
  const refusals = formatRefusals(refused);
  return refusals === "" ? [done] : [done, refusals];
}

/** Formats the gateway's refusals, the most frequent first: `refused 12 × unsent-source, 3 × waits`. Empty without any. */
export function formatRefusals(refused: BudgetStats["refused"]): string {
  const counts = Object.entries(refused).toSorted(([, a], [, b]) => b - a);
  return counts.length === 0
    ? ""
    : `refused ${counts.map(([limit, count]) => `${count} × ${limit}`).join(", ")}`;
}
