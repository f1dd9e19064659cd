import { setTimeout as sleep } from "node:timers/promises";
import { QuicpipeError } from "../../src/errors.ts";
import type { Effort } from "../row.ts";
import { type Child, type Script, startChild } from "./child.ts";
import type { Load, LoadReport } from "./generator.ts";
import type { Course, Order, Reading, Report } from "./measured.ts";

/** Figures of both sides in packets per ms of CPU time, one for each round that counts. */
export interface Comparison {
  readonly control: number[];
  readonly subject: number[];
}

const host = "127.0.0.1";
const checkPackets = 256;
/** What is left in a socket's buffer when the load ends is forwarded within this time. */
const drainMs = 50;

/**
 * Loads control and subject in turn, each in a process of its own, after checking that both pass the same
 * packets on unchanged.
 */
export async function compare(
  scripts: { readonly control: Script; readonly subject: Script },
  effort: Effort,
  progress: (line: string) => void,
): Promise<Comparison> {
  await using children = new AsyncDisposableStack();
  const generator = startChild<Load, LoadReport>({
    url: new URL("generator.ts", import.meta.url),
    args: [],
  });
  children.defer(generator.stop);
  const { hello } = await generator.hear();
  const course: Course = {
    source: { address: host, port: hello!.sourcePort },
    sink: { address: host, port: hello!.sinkPort },
    cids: hello!.cids,
  };
  const sides = { control: await start(scripts.control), subject: await start(scripts.subject) };
  const figures: Comparison = { control: [], subject: [] };
  for (let round = 1 - effort.warmUpRounds; round <= effort.rounds; round++)
    for (const name of ["control", "subject"] as const) {
      const figure = await measure(sides[name], generator, effort.roundMs);
      if (round > 0) figures[name].push(figure);
      progress(`${round > 0 ? `round ${round}` : "warm-up"}, ${name}: ${figure.toFixed(1)} kpps per core`);
    }
  return figures;

  async function start(script: Script): Promise<Side> {
    const child = startChild<Order, Report>(script);
    children.defer(child.stop);
    const { port } = await child.ask({ course });
    const { arrived } = await generator.ask({ check: { port: port!, packets: checkPackets } });
    if (arrived === checkPackets) return { child, port: port! };
    const reason = `${script.url.pathname} passed on ${arrived} of ${checkPackets} packets; nothing was timed`;
    throw new QuicpipeError("ERR_QUICPIPE_INTERNAL", reason);
  }
}

interface Side {
  readonly child: Child<Order, Report>;
  readonly port: number;
}

async function measure(side: Side, generator: Child<Load, LoadReport>, ms: number): Promise<number> {
  const before = await read(side);
  await generator.ask({ flood: { port: side.port, ms } });
  await sleep(drainMs);
  const after = await read(side);
  return ((after.packets - before.packets) / (after.cpuUs - before.cpuUs)) * 1000;
}

async function read({ child }: Side): Promise<Reading> {
  const { reading } = await child.ask("read");
  return reading!;
}
