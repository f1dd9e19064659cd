import type { ConnectionPath } from "../../peer/index.ts";
import { whyRelay } from "../peer/relay-reasons.ts";
import { printable } from "../terminal-text.ts";
import type { Ping } from "./pinger.ts";
import type { PingSummary } from "./summary.ts";

/** Formats a ping and its answer, or the lack of one, for people. */
export function pingLine(name: string, { seq, path, remote, rttMs }: Ping): string {
  if (rttMs === null) return `no pong from ${printable(name)} for seq ${seq}`;
  const way = path === "both" ? "relay or direct" : path;
  return `pong from ${printable(name)} by ${way} ${remote} in ${rttMs.toFixed(1)} ms`;
}

/** Formats the figures of all pings for people. */
export function summaryLine({ sent, received, minMs, medianMs, maxMs }: PingSummary): string {
  const counts = `${sent} sent, ${received} received`;
  if (minMs === null) return counts;
  const times = [minMs, medianMs, maxMs].map((ms) => ms!.toFixed(1));
  return `${counts}, min/median/max ${times.join("/")} ms`;
}

/** Says why no pong came direct. */
export function whyNotDirect({ kind, reason }: ConnectionPath): string {
  if (reason) return whyRelay(reason);
  return kind === "relay"
    ? "a direct path is still being looked for; give more --count or --interval"
    : "there is a direct path only since the last ping, or it is in doubt; give more --count";
}
