import { execFileSync } from "node:child_process";
import { availableParallelism, cpus, release } from "node:os";
import type { RowResult } from "./row.ts";

/** What one run of the benchmark found. */
export interface BenchReport {
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly kernel: string;
    readonly node: string;
  };
  /** The commit that was measured, with `-dirty` if the tree differs from it. */
  readonly commit: string;
  readonly rows: readonly RowResult[];
}

/** Puts the rows together with what they were measured on. */
export function createReport(rows: readonly RowResult[]): BenchReport {
  const machine = {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    kernel: `${process.platform} ${release()}`,
    node: process.version,
  };
  return { machine, commit: describeCommit(), rows };
}

/** The report as a table for people. */
export function formatTable({ machine, commit, rows }: BenchReport): string {
  const head = ["row", "ratio", "kpps/core", "control", "range", "rounds"];
  const lines = rows.map((row) => [
    row.name,
    row.ratio.toFixed(3),
    row.kppsPerCore.toFixed(1),
    row.control.toFixed(1),
    row.range.subject.join("–"),
    String(row.rounds),
  ]);
  const widths = head.map((title, i) => Math.max(title.length, ...lines.map((line) => line[i]!.length)));
  const table = [head, ...lines].map((line) => line.map((cell, i) => cell.padEnd(widths[i]!)).join("  "));
  const { cpu, cores, kernel, node } = machine;
  return [...table, "", `${cpu}, ${cores} cores, ${kernel}, node ${node}, ${commit}`].join("\n");
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
