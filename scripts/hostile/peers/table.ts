import type { Sight } from "./attacked-accepter.ts";
import { lateMs, lateOf, medianEcho, quantile } from "./honest-figures.ts";
import type { Tally } from "./hostile-peer.ts";

const columns = [
  ["flood", 39],
  ["sent", 15],
  ["conns", 5],
  ["closed", 11],
  ["core", 4],
  ["victim", 6],
  ["kept", 8],
  ["peak", 8],
  ["echo", 7],
  ["ratio", 5],
  ["p99", 8],
  ["worst", 8],
  ["late", 9],
  ["dial", 8],
  ["verdict", 0],
] as const;

/** Explains the columns. */
export const legend: string = `  sent      packets of the flood, per second; conns: connections that the hostile peer began
  closed    error codes with which the accepter ended them
  core      share of a core that the hostile peer took; victim: that the accepter took
  kept      growth of the accepter's memory once trimmed, while the hostile connection is there; peak: at most
  echo      an honest echo at the median, and as a multiple of the control's; p99, and the longest
  late      honest messages without an echo after ${lateMs} ms, of all
  dial      a new honest dial at the median
`;

/** Returns the head of the table. */
export function head(): string {
  return row(columns.map(([name]) => name));
}

/** Returns a line. @param control the same without a flood. */
export function line(name: string, sight: Sight, control: Sight, verdict: string, ms: number): string {
  const { honest, tally } = sight;
  const { echoMs, unanswered, dialMs, undialed } = honest;
  const median = medianEcho(honest);
  return row([
    name,
    tally ? `${compact.format(tally.packets / (ms / 1000))}/s` : "",
    tally ? `${tally.connections}` : "",
    closedOf(tally),
    tally ? sight.hostileCores.toFixed(2) : "",
    sight.cores.toFixed(2),
    megabytes(sight.keptBytes),
    megabytes(sight.peakBytes),
    milliseconds(median),
    `${(median / medianEcho(control.honest)).toFixed(1)}×`,
    milliseconds(quantile(echoMs, unanswered, 0.99)),
    milliseconds(quantile(echoMs, unanswered, 1)),
    `${lateOf(honest)}/${echoMs.length + unanswered}`,
    milliseconds(quantile(dialMs, undialed, 0.5)),
    verdict,
  ]);
}

/** Returns each error code and how often it came. */
function closedOf(tally: Tally | undefined): string {
  const counts = Object.entries(Object.groupBy(tally?.closed ?? [], (code) => `0x${code.toString(16)}`));
  return counts.map(([code, all]) => `${all!.length}×${code}`).join(" ");
}

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MB`;
}

function milliseconds(ms: number): string {
  return Number.isFinite(ms) ? `${ms.toFixed(1)} ms` : "none";
}

function row(cells: readonly string[]): string {
  return `${cells.map((cell, i) => cell.padEnd(columns[i]![1])).join(" ")}\n`;
}
