import type { PagedRelayStats, PathRates } from "../../plugin/stats/index.ts";
import type { RegistrationStats } from "../../protocol.ts";
import { cut, fit, formatBytes, formatDuration, printableDeep } from "../terminal-text.ts";

/** Figures to show: the relay's answer, and the rates since the answer before. */
export interface TopFigures {
  readonly stats: PagedRelayStats;
  /** By forwarding path; `null` without an answer before. */
  readonly rates: PathRates | null;
  /** Why the figures are out of date. */
  readonly fault?: string | undefined;
}

/** The surface to show them on. */
export interface TopSurface {
  readonly columns: number;
  /** Maximum number of lines; no limit if absent. */
  readonly rows?: number;
  /** Formats a text, or returns it unchanged. */
  readonly style: (format: "bold" | "red" | "yellow", text: string) => string;
}

/** Returns the lines of one look at a relay. */
export function topLines(given: TopFigures, surface: TopSurface): string[] {
  // All of it comes from the relay, which is not trusted.
  const figures = printableDeep(given);
  const lines = [
    ...headLines(figures, surface),
    "",
    ...pathLines(figures, surface),
    "",
    ...countLines(figures.stats, surface),
    "",
    ...sessionLines(figures.stats.page.registrations, surface),
  ];
  return surface.rows === undefined ? lines : lines.slice(0, surface.rows);
}

function headLines({ stats, fault }: TopFigures, { columns, style }: TopSurface): string[] {
  const { registrations, cids, waiters, unclaimed, mailbox, xdp } = stats;
  const held = [
    counted(registrations, "registration"),
    counted(cids, "connection ID"),
    ...(unclaimed > 0 ? [`${counted(unclaimed, "session")} of an earlier process`] : []),
    `${count(waiters)} waiting`,
    counted(mailbox.queued, "message"),
  ];
  const interfaces = xdp.interfaces.map(({ name, state }) => `${name} ${state}`).join(", ");
  const reason = xdp.reason === "" ? "" : ` (${xdp.reason})`;
  return [
    style("bold", cut(`quicpipe relay, ${stats.backend} (${stats.backendReason})`, columns)),
    cut(`XDP ${xdp.state}${interfaces === "" ? "" : `: ${interfaces}`}${reason}`, columns),
    cut(held.join(", "), columns),
    ...(fault === undefined ? [] : [style("red", cut(`these figures are old: ${fault}`, columns))]),
  ];
}

function pathLines({ stats, rates }: TopFigures, { columns, style }: TopSurface): string[] {
  const row = (name: string, ...cells: string[]): string =>
    cut(fit(name, 8) + cells.map((cell) => fit(cell, 13, "right")).join(""), columns);
  const pathRow = (path: "kernel" | "user"): string =>
    row(
      path,
      rates ? count(rates[path].packetsPerSecond) : "-",
      rates ? `${formatBytes(rates[path].bytesPerSecond)}/s` : "-",
      count(stats.path[path].packets),
      formatBytes(stats.path[path].bytes),
    );
  const head = row("relayed", "packets/s", "bytes/s", "packets", "bytes");
  return [style("bold", head), pathRow("kernel"), pathRow("user")];
}

/** Returns a line for each group of counters, with those that are not 0. */
function countLines(stats: PagedRelayStats, { columns, style }: TopSurface): string[] {
  const { dropped, overflowed, stun, stunPort, address, refused, gateway } = stats;
  const { queuedBytes: _, ...messages } = stats.mailbox;
  const groups: readonly (readonly [string, Readonly<Record<string, number>>])[] = [
    ["dropped", { ...dropped, overflowed }],
    ["gateway", gatewayCounts(gateway)],
    ["stun", stun],
    ...(stunPort ? [["second", stunPort] as const] : []),
    ["mailbox", messages],
    ["refused", refused],
  ];
  return groups.map(([name, counts]) => {
    const moved = Object.entries(counts).filter(([, value]) => value > 0);
    const text = moved.map(([key, value]) => `${key} ${count(value)}`).join(", ") || "nothing";
    const port = name === "second" && address.stunPort !== undefined ? `port ${address.stunPort}: ` : "";
    const line = cut(port + text, Math.max(0, columns - 8));
    return (
      fit(name, Math.min(8, columns)) +
      (name === "dropped" && moved.length > 0 ? style("yellow", line) : line)
    );
  });
}

function gatewayCounts(gateway: PagedRelayStats["gateway"]): Readonly<Record<string, number>> {
  const { packetsIn, packetsOut, clients, onProbation, givenUp } = gateway;
  return { in: packetsIn, out: packetsOut, clients, "on probation": onProbation, "given up": givenUp };
}

interface Column {
  readonly title: string;
  readonly width: number;
  readonly align: "left" | "right";
  read(registration: RegistrationStats): string;
}

/** In order of importance: a line that is too short omits the last ones. */
const columnsByWorth: readonly Column[] = [
  {
    title: "packets/s",
    width: 10,
    align: "right",
    read: ({ rate }) => (rate ? count(rate.packetsPerSecond) : "-"),
  },
  {
    title: "bytes/s",
    width: 11,
    align: "right",
    read: ({ rate }) => (rate ? `${formatBytes(rate.bytesPerSecond)}/s` : "-"),
  },
  { title: "path", width: 6, align: "left", read: ({ path }) => path },
  { title: "address", width: 22, align: "left", read: ({ address }) => address ?? "not proven" },
  { title: "dropped", width: 8, align: "right", read: ({ dropped }) => count(sum(Object.values(dropped))) },
  {
    title: "quiet",
    width: 7,
    align: "right",
    read: ({ quietMs }) => (quietMs ? formatDuration(quietMs) : "-"),
  },
  { title: "sent", width: 9, align: "right", read: ({ bytesFrom }) => formatBytes(bytesFrom) },
  { title: "received", width: 9, align: "right", read: ({ bytesTo }) => formatBytes(bytesTo) },
  { title: "expires", width: 8, align: "left", read: ({ expiresAt }) => expiresAt.slice(11, 19) },
];
const minSubjectColumns = 12;
const maxSubjectColumns = 32;

function sessionLines(registrations: readonly RegistrationStats[], { columns, style }: TopSurface): string[] {
  const shown: Column[] = [];
  let left = columns - minSubjectColumns;
  for (const column of columnsByWorth) {
    left -= column.width + 1;
    if (left < 0) break;
    shown.push(column);
  }
  const used = sum(shown.map(({ width }) => width + 1));
  const subjectColumns = Math.min(columns, maxSubjectColumns, Math.max(minSubjectColumns, columns - used));
  const row = (subject: string, cell: (column: Column) => string): string =>
    [fit(subject, subjectColumns), ...shown.map((column) => fit(cell(column), column.width, column.align))]
      .join(" ")
      .trimEnd();
  return [
    style(
      "bold",
      row("subject", ({ title }) => title),
    ),
    ...registrations.map((each) => row(each.subject, ({ read }) => read(each))),
  ];
}

function count(value: number): string {
  return value.toLocaleString("en").replaceAll(",", " ");
}

/** A count and what it counts, whose plural ends in s. */
function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}
