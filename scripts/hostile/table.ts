import type { Attack } from "./attack.ts";
import type { Observation } from "./observation.ts";
import { judge, visitRatio } from "./verdict.ts";

const columns = ["attack", "RSS", "GET h3", "GET tcp", "turn", "log", "lost", "verdict"] as const;
const widths = [41, 9, 8, 8, 8, 9, 6] as const;

/** The head of the table. */
export function head(): string {
  return row(columns);
}

/** One attack's line. */
export function line(attack: Attack, quiet: Observation, attacked: Observation): string {
  const faults = judge(quiet, attacked, attack);
  const { sent, received } = attacked.pair;
  return row([
    attack.name,
    megabytes(attacked.rssBytes - quiet.rssBytes),
    ratio(visitRatio(quiet, attacked, "http3")),
    ratio(visitRatio(quiet, attacked, "tcp")),
    ratio(attacked.longestTurnMs / quiet.longestTurnMs),
    `${(attacked.logBytes / 1024).toFixed(1)} kB`,
    String(Math.max(0, sent - received)),
    faults.length === 0 ? "holds" : `FAILS: ${faults.join("; ")}`,
  ]);
}

/** Bytes as a difference in MiB. */
export function megabytes(bytes: number): string {
  return `${bytes < 0 ? "-" : "+"}${Math.abs(Math.round(bytes / 2 ** 20))} MB`;
}

function ratio(value: number): string {
  return Number.isFinite(value) ? `${value.toFixed(1)}×` : "fails";
}

function row(cells: readonly string[]): string {
  return `${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" ")}\n`;
}
