import { execFileSync } from "node:child_process";
import { availableParallelism, cpus, release } from "node:os";
import { packetBytes } from "./rig/compare.ts";
import { type GoalResult, judge } from "./goals.ts";
import type { RowResult, SkippedRow } from "./row.ts";

/** The result of one run of the benchmark. */
export interface BenchReport {
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly kernel: string;
    readonly node: string;
  };
  /** The measured commit, with `-dirty` if the working tree differs from it. */
  readonly commit: string;
  readonly packetBytes: number;
  readonly rows: readonly RowResult[];
  readonly skipped: readonly SkippedRow[];
  readonly goals: readonly GoalResult[];
}

/** Combines the rows with the machine, the commit and the goals. */
export function createReport(results: readonly (RowResult | SkippedRow)[]): BenchReport {
  const machine = {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    kernel: `${process.platform} ${release()}`,
    node: process.version,
  };
  const rows = results.filter((row): row is RowResult => !("skipped" in row));
  const skipped = results.filter((row): row is SkippedRow => "skipped" in row);
  return { machine, commit: describeCommit(), packetBytes, rows, skipped, goals: judge(rows) };
}

/** Formats the report as text. */
export function formatReport({ machine, commit, rows, skipped, goals }: BenchReport): string {
  const { cpu, cores, kernel, node } = machine;
  return [
    ...table(["row", "ratio", "median", "range", "unit", "control", "", "rounds"], rows.map(rowCells)),
    ...skipped.map((row) => `${row.name}: skipped, ${row.skipped}`),
    "",
    ...table(["goal", "target", "value", ""], goals.map(goalCells)),
    "",
    `${cpu}, ${cores} cores, ${kernel}, node ${node}, ${commit}`,
  ].join("\n");
}

function rowCells({ name, ratio, subject, unit, control, rounds }: RowResult): string[] {
  const { median, range } = subject;
  const against = control ? [String(control.median), control.name] : ["", ""];
  return [name, ratio?.toFixed(3) ?? "", String(median), range.join("–"), unit, ...against, String(rounds)];
}

function goalCells({ about, bound, target, value, isMet }: GoalResult): string[] {
  return [about, `${bound} ${target}`, String(value), isMet ? "met" : "missed"];
}

function table(head: readonly string[], lines: readonly (readonly string[])[]): string[] {
  const all = [head, ...lines];
  const widths = head.map((_, i) => Math.max(...all.map((line) => line[i]!.length)));
  return all.map((line) =>
    line
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join("  ")
      .trimEnd(),
  );
}

function describeCommit(): string {
  try {
    return execFileSync("git", ["describe", "--always", "--dirty", "--exclude=*"], {
      cwd: import.meta.dirname,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch (error) {
    // An unpacked archive has no history.
    process.emitWarning(`the commit is unknown: ${String(error)}`);
    return "unknown";
  }
}
