/** `npm run bench`: measures the data plane against bare controls of the same run. */
import { mkdirSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { drawChart, hasBars } from "./chart.ts";
import { drawCourse } from "./course.ts";
import { type BenchReport, createReport, formatReport } from "./report.ts";
import {
  type Entrance,
  findEntrance,
  interruptedExitCode,
  isSandboxed,
  runSandboxed,
} from "./rig/machine/sandbox.ts";
import { Network } from "./rig/machine/network.ts";
import type { Effort, Lab, Row, RowResult, SkippedRow } from "./row.ts";
import { rows } from "./rows/index.ts";

const help = `Measures packets per second and core, beside a bare control in the same run, and what else matters.

  npm run bench                            every row, as a table
  npm run bench -- --only dgram/fixed      some rows; may be repeated
  npm run bench -- --short                 in about a minute, less exact
  npm run bench -- --publish               writes the pictures in docs/, bench.svg and direct.svg, as well
  npm run -s bench -- --json               one JSON object on stdout and nothing else

Writes bench/results/latest.json and pictures as well. Compare ratios, not absolute figures, between
machines. Load, forwarder and sink are in network namespaces of the benchmark's own, which end with it; it
needs root for that, or a system that lets users have namespaces, a C compiler, iproute2 and nftables. The rows of XDP
need root, Linux 5.18, and clang, bpftool, libbpf-dev and ethtool as well.

Rows:
${rows.map((row) => `  ${row.name.padEnd(22)} ${row.about}`).join("\n")}
`;

const fullEffort: Effort = {
  rounds: 20,
  warmUpRounds: 2,
  roundMs: 500,
  downloadBytes: 256 << 20,
  longRounds: 10,
  transferBytes: 64 << 20,
  idleConnections: 1000,
  // Seven keepalives, within the two minutes.
  idleMs: 105_000,
  parks: true,
  cuts: 30,
};
const shortEffort: Effort = {
  rounds: 5,
  warmUpRounds: 1,
  roundMs: 300,
  downloadBytes: 128 << 20,
  longRounds: 3,
  transferBytes: 16 << 20,
  idleConnections: 100,
  idleMs: 30_000,
  parks: false,
  cuts: 6,
};
const usageExitCode = 2;

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  const options = parseOptions(args);
  if (typeof options === "string") {
    process.stderr.write(`${options}\n`);
    return usageExitCode;
  }
  if (options.help) {
    process.stdout.write(help);
    return 0;
  }
  const entrance: Entrance | undefined = isSandboxed ? undefined : findEntrance();
  if (entrance && "command" in entrance) return await runSandboxed(entrance.command);
  // PID 1 of a PID namespace receives only the signals that it handles.
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => process.exit(interruptedExitCode));
  await measure(options, entrance ?? new Network());
  return 0;
}

interface Options {
  readonly help: boolean;
  readonly json: boolean;
  readonly short: boolean;
  readonly publish: boolean;
  readonly chosen: readonly Row[];
}

/** Returns the options, or a message that says what is wrong with them. */
function parseOptions(args: string[]): Options | string {
  let values;
  try {
    ({ values } = parseArgs({
      args,
      options: {
        help: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        short: { type: "boolean", default: false },
        publish: { type: "boolean", default: false },
        only: { type: "string", multiple: true, default: [] },
      },
    }));
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n\n${help}`;
  }
  const unknown = values.only.filter((name) => !rows.some((row) => row.name === name));
  if (unknown.length > 0)
    return `unknown row ${unknown.join(", ")}; there are: ${rows.map((row) => row.name).join(", ")}`;
  const chosen = values.only.length === 0 ? rows : rows.filter((row) => values.only.includes(row.name));
  return { ...values, chosen };
}

async function measure({ json, short, publish, chosen }: Options, network: Lab["network"]): Promise<void> {
  const effort = short ? shortEffort : fullEffort;
  const results: (RowResult | SkippedRow)[] = [];
  for (const row of chosen) {
    const result = await row.run({
      network,
      effort,
      progress: (line) => showProgress(`${row.name}: ${line}`),
    });
    results.push(...[result].flat());
  }
  showProgress("");
  const report = createReport(results);
  const directory = new URL("results/", import.meta.url);
  mkdirSync(directory, { recursive: true });
  writeFileSync(new URL("latest.json", directory), `${JSON.stringify(report, null, 2)}\n`);
  for (const [name, picture] of picturesOf(report)) {
    writeFileSync(new URL(`latest-${name}`, directory), picture);
    if (publish) writeFileSync(new URL(`../docs/${name}`, import.meta.url), picture);
  }
  process.stdout.write(`${json ? JSON.stringify(report) : formatReport(report)}\n`);
}

/** Draws what has been measured. A picture of nothing would replace one of something. */
function picturesOf(report: BenchReport): (readonly [name: string, picture: string])[] {
  const course = report.rows.find((row) => row.course)?.course;
  return [
    ...(hasBars(report) ? [["bench.svg", drawChart(report)] as const] : []),
    ...(course ? [["direct.svg", drawCourse(course, report)] as const] : []),
  ];
}

/** Shows progress on a terminal, in one line that it overwrites. */
function showProgress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${line}`);
}
