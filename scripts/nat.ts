/** `npm run nat`: connects peers behind every pair of kinds of NATs many times, and tells how often and how soon they go direct. */
import { cleanUpWith } from "../test/integration/harness/network/clean-up.ts";
import { has } from "../test/integration/harness/requirement.ts";
import { type CellRun, inShifts, patienceMs, runCell } from "../test/integration/peer/path/cell-run.ts";
import { burstyLoss } from "../test/integration/peer/path/loss-run.ts";
import { type Cell, cells, nameOf, sitesOf } from "../test/integration/peer/path/matrix.ts";
import { PopulatedLab } from "../test/integration/peer/path/populated-lab.ts";
import { readOptions, Refusal, requireOption, runCommand } from "./hostile/command-line.ts";
import { showLoss } from "./nat/loss.ts";
import { figuresOf, mostMs, spreadOf } from "./nat/figures.ts";
import { tableOf, timesOf } from "./nat/table.ts";

/** Cells at a time: more would measure this machine. */
const width = 6;
/** Fine enough to show how long nothing arrives at a cut. */
const pace = { bytesPerSecond: 100_000, turnMs: 10 } as const;

const help = `Connects two peers by a relay in a laboratory of network namespaces, behind every pair of kinds of NATs and firewalls, while
they exchange bytes. Where they go direct, the way between them is cut and healed again. Needs root.

  npm run nat -- [--times 20] [--only NAME]… [--json]
  npm run nat -- --loss [--minutes 10] [--json]

  --times    how often each pair is connected, ${width} pairs at a time; 20 rounds take about half an hour
  --only     a part of a pair's name, such as "symmetric | open"; more than once for several
  --json     prints all figures as JSON, and no table
  --loss     has one pair talk for a while instead, on a direct way that loses ${100 * burstyLoss.loss} % of its packets, ${burstyLoss.burst} in a row on average
  --minutes  for how long

The table has a row for alice's site, who dials, and a column for bob's:

  24/61        all went direct, after 24 ms at the median and 61 ms at the 95th percentile, counted from the connection by the relay
  80% 24/61    four of five did
  timeout      none did: no check of an address was answered (checks-timeout)
  hard-both    the same, as both NATs have another port for each destination (nat-hard-both)
  blocked      the same, as UDP reaches nobody but the relay (udp-blocked)

The stall is the longest time in which nothing came back while the direct way was cut.

Exits with 2 if an option is wrong, and with 1 if in one run of a pair

  - peers that can go direct do not, or take more than ${mostMs} ms; or others give another reason than they must
  - they are not direct again ${patienceMs} ms after a cut
  - bytes are lost, changed or doubled, or the relay is not kept

and with --loss if one of the two leaves the direct path, or bytes are lost.
`;

const options = {
  times: { type: "string", default: "20" },
  only: { type: "string", multiple: true },
  json: { type: "boolean", default: false },
  loss: { type: "boolean", default: false },
  minutes: { type: "string", default: "10" },
  help: { type: "boolean", default: false },
} as const;

/** Runs each cell some times, and returns the runs of each. */
async function runAll(chosen: readonly Cell[], times: number): Promise<CellRun[][]> {
  await using stack = new AsyncDisposableStack();
  cleanUpWith(stack);
  const lab = await PopulatedLab.open(sitesOf(chosen));
  const runs: CellRun[][] = chosen.map(() => []);
  for (let round = 1; round <= times; round++) {
    await inShifts(chosen, width, async (cell) => {
      runs[chosen.indexOf(cell)]!.push(await runCell(lab, cell, pace, true));
    });
    process.stderr.write(`round ${round} of ${times}\n`);
  }
  return runs;
}

/** Prints what the runs have shown, and returns the exit status. */
function show(chosen: readonly Cell[], runs: readonly CellRun[][], isJson: boolean): number {
  const figures = chosen.map((cell, index) => figuresOf(cell, runs[index]!));
  const cuts = runs.flat().flatMap(({ cut }) => cut ?? []);
  const stallMs = spreadOf(cuts.map((cut) => cut.stallMs));
  const againMs = spreadOf(cuts.flatMap((cut) => cut.againMs ?? []));
  const faults = figures.flatMap((each) => each.faults);
  const text = isJson
    ? `${JSON.stringify({ cells: figures, stallMs, againMs }, undefined, 2)}\n`
    : `${tableOf(figures)}stall at a cut: ${timesOf(stallMs)} ms; direct again ${timesOf(againMs)} ms after it\n`;
  process.stdout.write(text);
  process.stderr.write(faults.length === 0 ? "held\n" : `failed:\n${faults.join("\n")}\n`);
  return faults.length === 0 ? 0 : 1;
}

process.exitCode = await runCommand("nat", async () => {
  const { only = [""], ...values } = readOptions(process.argv.slice(2), options);
  const [times, minutes] = [Number(values.times), Number(values.minutes)];
  const chosen = cells.filter((cell) => only.some((part) => nameOf(cell).includes(part)));
  requireOption(Number.isInteger(times) && times > 0, "times", values.times, "a whole number over 0");
  requireOption(minutes > 0 && minutes < Infinity, "minutes", values.minutes, "a number over 0");
  requireOption(chosen.length > 0, "only", only.join(", "), "a part of a pair's name");
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  if (!has("netns")) throw new Refusal("there are no network namespaces to be had here");
  if (values.loss) return await showLoss(minutes, values.json);
  return show(chosen, await runAll(chosen, times), values.json);
});
