import { startChild } from "../rig/machine/child.ts";
import { type Workload, createConnectionIds, shareFile } from "../rig/workload.ts";
import { figuresOf } from "../rig/figures.ts";
import { addresses } from "../rig/machine/network.ts";
import { compileLoad, nodeCommand } from "../rig/native/program.ts";
import { needsNative } from "../rig/requirement.ts";
import type { Row } from "../row.ts";
import { figureOf } from "../summary.ts";

const sessions = 100_000;
const cidsPerSession = 10;

/** Returns a row for one figure of `subjects/memory.ts`. */
function memoryRow(name: string, about: string, key: "tableBytes" | "processBytes"): Row {
  return {
    name,
    about,
    async run({ progress }) {
      progress(`opening ${sessions} sessions`);
      const subject = startChild(nodeCommand("subjects/memory.ts", sessions, cidsPerSession));
      const figures = JSON.parse(await subject.hear());
      await subject.stop();
      return { name, unit: "bytes/CID", subject: figureOf([figures[key]]), rounds: 1 };
    },
  };
}

const oneCid: Workload = { order: "random", sessions: 1, cidsPerSession: 1 };
const registrations = 200;
const sourcePort = 40_000;
/** High enough that the gap between packets is far below the goal, low enough that the core has time left. */
const kpps = 200;
/** Longer than the subject runs. */
const floodMs = 60_000;

/** Time from `openSession` to the first forwarded packet. */
const visible: Row = {
  name: "native/visible",
  about: "µs from a registration to the first packet that follows it, while 200 kpps come",
  async run({ network, progress }) {
    if ("refusal" in network) return { name: this.name, skipped: network.refusal };
    progress(`registering ${registrations} times`);
    await using stack = new AsyncDisposableStack();
    const { path } = stack.use(shareFile(createConnectionIds(oneCid)));
    network.link("whole").closeSink();
    // The subject's two threads need a core each; the load leaves most of its core free.
    const subject = network.start("relay", nodeCommand("subjects/visible.ts", path, sourcePort), "any core");
    stack.defer(subject.stop);
    const source = [addresses.client, String(sourcePort), "1"];
    const load = network.start("client", [compileLoad(), path, oneCid.order, ...source]);
    stack.defer(load.stop);
    const port = await subject.hear();
    load.tell(`flood ${addresses.relay} ${port} ${floodMs} ${kpps}`);
    const times: number[] = JSON.parse(await subject.ask(String(registrations)));
    return { name: this.name, unit: "µs", subject: figureOf(times), rounds: times.length };
  },
};

/** Delay of other work while registrations expire, all at once. */
const expiry: Row = {
  name: "native/expiry",
  about: "ms of the longest turn of the event loop while 100 000 registrations expire at once",
  async run({ progress, effort }) {
    progress(`${effort.rounds} times ${sessions} registrations`);
    const { turnsMs } = await figuresOf<{ turnsMs: number[][] }>("expiry.ts", sessions, effort.rounds);
    const longest = turnsMs.map((turns) => Math.max(...turns));
    return { name: this.name, unit: "ms", subject: figureOf(longest), rounds: longest.length };
  },
};

type Statistic = "sampling" | "byRate" | "filtered" | "lastPage";
type Cost = "totalMs" | "longestTurnMs";

/** Returns a row for one figure of `subjects/statistics.ts`. */
function statisticsRow(name: string, about: string, statistic: Statistic, key: Cost): Row {
  return {
    name,
    about,
    async run({ progress, effort: { rounds } }) {
      progress(`statistics of ${sessions} registrations`);
      const costs = await figuresOf<Record<Statistic, Record<Cost, number>[]>>("statistics.ts", rounds);
      return { name, unit: "ms", subject: figureOf(costs[statistic].map((cost) => cost[key])), rounds };
    },
  };
}

/** The rows about registrations. */
export const registrationRows: readonly Row[] = [
  memoryRow("native/table-1m", "memory of the route table at a million CIDs", "tableBytes"),
  memoryRow(
    "native/memory-1m",
    "what the process grows by, sessions and all, 10 CIDs to each",
    "processBytes",
  ),
  visible,
  expiry,
  statisticsRow("native/sampling", "ms of one sample of 100 000 registrations", "sampling", "totalMs"),
  statisticsRow(
    "native/search",
    "ms of the longest turn of the event loop while 100 000 registrations are searched",
    "filtered",
    "longestTurnMs",
  ),
].map(needsNative);
