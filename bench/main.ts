/** `npm run bench`: measures the data plane against bare controls of the same run. */
import { mkdirSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { drawChart } from "./chart.ts";
import { createReport, formatTable } from "./report.ts";
import type { Effort, Row, RowResult } from "./row.ts";
import { rows } from "./rows/index.ts";

const help = `Measures packets per second and core, beside a bare control in the same run.

  npm run bench                            every row, as a table
  npm run bench -- --only dgram/fixed      some rows; may be repeated
  npm run bench -- --short                 in under 40 seconds, less exact
  npm run -s bench -- --json               one JSON object on stdout and nothing else

Writes bench/results/latest.json and latest.svg as well. Compare ratios, not absolute figures, between
machines.

Rows:
${rows.map((row) => `  ${row.name.padEnd(16)} ${row.about}`).join("\n")}
`;

const fullEffort: Effort = { rounds: 60, warmUpRounds: 4, roundMs: 500 };
const shortEffort: Effort = { rounds: 16, warmUpRounds: 2, roundMs: 300 };
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
  const report = createReport(await runRows(options.chosen, options.short ? shortEffort : fullEffort));
  const results = new URL("results/", import.meta.url);
  mkdirSync(results, { recursive: true });
  writeFileSync(new URL("latest.json", results), `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(new URL("latest.svg", results), drawChart(report));
  process.stdout.write(`${options.json ? JSON.stringify(report) : formatTable(report)}\n`);
  return 0;
}

interface Options {
  readonly help: boolean;
  readonly json: boolean;
  readonly short: boolean;
  readonly chosen: readonly Row[];
}

/** The options, or what is wrong with them. */
function parseOptions(args: string[]): Options | string {
  let values;
  try {
    ({ values } = parseArgs({
      args,
      options: {
        help: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        short: { type: "boolean", default: false },
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

async function runRows(chosen: readonly Row[], effort: Effort): Promise<RowResult[]> {
  const results: RowResult[] = [];
  for (const row of chosen) results.push(await row.run(effort, (line) => progress(`${row.name}: ${line}`)));
  progress("");
  return results;
}

/** One line that is written over and over, for people who watch. */
function progress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${line}`);
}
