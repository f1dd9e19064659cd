import type { AttackResult } from "./attacked-relay.ts";
import type { Observation } from "./observation.ts";
import { failuresOf, median, progress, visitRatio } from "./verdict.ts";

const columns = [
  ["attack", 41],
  ["done", 17],
  ["RSS", 8],
  ["GET h3", 8],
  ["GET tcp", 8],
  ["failed", 7],
  ["turn", 7],
  ["pair", 11],
  ["lost", 5],
  ["log", 9],
  ["verdict", 0],
] as const;

/** Explains the columns. */
export const legend = `  done      what the attacker did
  RSS       memory in the quiet phase, and how much more of it there is at most than before the attack
  GET       an honest visit at the median, in ms and as a multiple; failed: of all of them
  turn      the longest turn of the relay's event loop, in ms and as a multiple
  pair      relayed packets that arrived, renewals that were granted, messages that were taken; lost: packets
`;

/** Returns the head of the table. */
export function head(): string {
  return row(columns.map(([name]) => name));
}

/** Returns the line of a quiet phase, in absolute figures. */
export function quietLine(name: string, quiet: Observation): string {
  return row([
    name,
    "",
    `${Math.round(quiet.rssBytes / 2 ** 20)} MB`,
    milliseconds(median(quiet.visits.http3)),
    milliseconds(median(quiet.visits.tcp)),
    failures(quiet),
    milliseconds(quiet.longestTurnMs),
    ...pairCells(quiet),
    kilobytes(quiet.logBytes),
    "",
  ]);
}

/** Returns the line of an attack, relative to its quiet phase. */
export function attackLine(name: string, { attack, quiet, attacked, report, faults }: AttackResult): string {
  return row([
    name,
    `${compact.format(report.done)} ${attack.unit}`,
    megabytes(attacked.rssBytes - quiet.rssBytes),
    multiple(visitRatio(quiet, attacked, "http3")),
    multiple(visitRatio(quiet, attacked, "tcp")),
    failures(attacked),
    multiple(attacked.longestTurnMs / quiet.longestTurnMs),
    ...pairCells(attacked),
    kilobytes(attacked.logBytes),
    faults.length === 0 ? "holds" : `FAILS: ${faults.join("; ")}`,
  ]);
}

/** Formats bytes as a difference in MiB. */
export function megabytes(bytes: number): string {
  return `${bytes < 0 ? "-" : "+"}${Math.abs(Math.round(bytes / 2 ** 20))} MB`;
}

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

function pairCells(observation: Observation): readonly [progress: string, lost: string] {
  const { sent, received } = observation.pair;
  return [progress(observation).join("/"), String(Math.max(0, sent - received))];
}

function failures({ visits }: Observation): string {
  const all = [...visits.http3, ...visits.tcp];
  return `${failuresOf(all)}/${all.length}`;
}

function milliseconds(ms: number): string {
  return Number.isFinite(ms) ? `${ms.toFixed(1)} ms` : "fails";
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} kB`;
}

function multiple(value: number): string {
  return Number.isFinite(value) ? `${value.toFixed(1)}×` : "fails";
}

function row(cells: readonly string[]): string {
  return `${cells.map((cell, i) => cell.padEnd(columns[i]![1])).join(" ")}\n`;
}
