import { printable } from "../terminal-text.ts";
import type { Ping } from "./pinger.ts";
import type { PingSummary } from "./summary.ts";

/** Formats a ping and its answer, or the lack of one, for people. */
export function pingLine(name: string, { seq, path, remote, rttMs }: Ping): string {
  if (rttMs === null) return `no pong from ${printable(name)} for seq ${seq}`;
  return `pong from ${printable(name)} by ${path} ${remote} in ${rttMs.toFixed(1)} ms`;
}

/** Formats the figures of all pings for people. */
export function summaryLine({ sent, received, minMs, medianMs, maxMs }: PingSummary): string {
  const counts = `${sent} sent, ${received} received`;
  if (minMs === null) return counts;
  const times = [minMs, medianMs, maxMs].map((ms) => ms!.toFixed(1));
  return `${counts}, min/median/max ${times.join("/")} ms`;
}
