import { setTimeout as sleep } from "node:timers/promises";
import { QuicpipeError } from "../../src/errors.ts";
import type { Effort, Lab } from "../row.ts";
import type { Rounds } from "../summary.ts";
import { alternate } from "./alternate.ts";
import type { Child } from "./child.ts";
import type { Contestant } from "./contestant.ts";
import { type Course, createConnectionIds, type SharedFile, shareFile } from "./course.ts";
import { cpuNsOf } from "./cpu.ts";
import { addresses, type Link, type Network } from "./network.ts";
import { compileLoad, compileSink } from "./program.ts";

/** Size of the benchmark's packets, in bytes: what peers send (`maxUdpPayloadBytes`). */
export const packetBytes = 1200;
const checkPackets = 1920;
/** Packets per ms of a check: few enough for any forwarder and for the sink. */
const checkKpps = 20;
const sinkSilenceMs = 1500;
/** What waits in a forwarder's socket when the load ends is forwarded within this time. */
const drainMs = 100;
/** The load is this much more than the forwarder was seen to manage: it has always something to do. */
const overload = 1.3;
const firstSourcePort = 40_000;
const portsOfASide = 10_000;

/** Control and subject on a course. */
export interface Contest {
  readonly course: Course;
  readonly control: Contestant;
  readonly subject: Contestant;
  readonly link: Link;
}

/**
 * Loads control and subject in turn, each in a process of its own, after checking that both pass the packets on
 * unchanged and to the right destinations. Gives packets per ms of CPU time.
 */
export async function compare(
  network: Network,
  { course, control, subject, link }: Contest,
  effort: Effort,
  progress: Lab["progress"],
): Promise<Rounds> {
  await using stack = new AsyncDisposableStack();
  const cids = stack.use(shareFile(createConnectionIds(course)));
  network.openSink();
  const sides = {
    control: await open(control, firstSourcePort),
    subject: await open(subject, firstSourcePort + portsOfASide),
  };
  network.closeSink(link);
  return await alternate(effort, progress, "kpps per core", (side) =>
    measure(network, sides[side], effort.roundMs),
  );

  async function open(contestant: Contestant, sourcePort: number): Promise<Side> {
    progress(`checking what ${contestant.name} passes on`);
    const side = await startSide(network, contestant, course, cids, sourcePort);
    stack.defer(side.stop);
    await check(network, contestant, side);
    return side;
  }
}

interface Side {
  readonly forwarder: Child;
  readonly load: Child;
  readonly port: number;
  /** What it was seen to forward, in packets per ms; 0 before the first round, which is as fast as can be. */
  kpps: number;
  stop(): Promise<void>;
}

async function startSide(
  network: Network,
  contestant: Contestant,
  { order }: Course,
  cids: SharedFile,
  sourcePort: number,
): Promise<Side> {
  const { turn } = contestant;
  const sockets = turn?.clients ?? 1;
  const source = [addresses.client, String(sourcePort), String(sockets)];
  const load = network.start("client", [compileLoad(), cids.path, order, ...source]);
  const forwarder = network.start("relay", contestant.command({ cids, sourcePort }));
  const port = turn?.port ?? Number(await forwarder.hear());
  if (turn) await load.ask(`allocate ${addresses.relay} ${port} ${addresses.sink} 0`);
  return {
    forwarder,
    load,
    port,
    kpps: 0,
    stop: async () => void (await Promise.all([forwarder.stop(), load.stop()])),
  };
}

async function check(network: Network, { name }: Contestant, { load, port }: Side): Promise<void> {
  const sink = network.start("sink", [compileSink(), addresses.sink, String(sinkSilenceMs)]);
  await sink.hear();
  const [verdict] = await Promise.all([
    sink.ask(String(checkPackets)),
    load.ask(`check ${addresses.relay} ${port} ${checkPackets} ${checkKpps}`),
  ]);
  await sink.stop();
  if (verdict === `${checkPackets} 0`) return;
  const reason = `${name} passed on ${verdict} of ${checkPackets} packets right and wrong; nothing was timed`;
  throw new QuicpipeError("ERR_QUICPIPE_INTERNAL", reason);
}

/** One round; packets that arrived per ms of the forwarder's CPU time. */
async function measure(network: Network, side: Side, ms: number): Promise<number> {
  const { forwarder, load, port } = side;
  const before = read(network, forwarder);
  await load.ask(`flood ${addresses.relay} ${port} ${ms} ${Math.round(side.kpps * overload)}`);
  await sleep(drainMs);
  const after = read(network, forwarder);
  const packets = after.packets - before.packets;
  side.kpps = Math.max(side.kpps, packets / ms);
  return packets / ((after.cpuNs - before.cpuNs) / 1e6);
}

function read(network: Network, { pid }: Child): { packets: number; cpuNs: number } {
  return { packets: network.arrived(packetBytes), cpuNs: cpuNsOf(pid) };
}
