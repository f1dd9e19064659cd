import { setTimeout as sleep } from "node:timers/promises";
import { QuicpipeError } from "../../src/errors.ts";
import type { Effort, Lab } from "../row.ts";
import type { Rounds } from "../summary.ts";
import { alternate } from "./alternate.ts";
import type { Child } from "./machine/child.ts";
import type { Target } from "./target.ts";
import { type Workload, createConnectionIds, type SharedFile, shareFile } from "./workload.ts";
import type { Link } from "./machine/link.ts";
import { startAt } from "./machine/namespace.ts";
import { compileLoad, compileSink } from "./native/program.ts";

/** Size of the benchmark's packets, in bytes: that of packets from peers (`maxUdpPayloadBytes`). */
export const packetBytes = 1200;
const checkPackets = 1920;
/**
 * Rates of a check, in packets per ms. A check that loses packets is repeated at the next rate, as a busy machine
 * cannot keep up with a fast load.
 */
const checkKpps: readonly number[] = [20, 5, 1];
const sinkSilenceMs = 1500;
/** Time within which a forwarder empties its socket buffer after the load ends. */
const drainMs = 100;
const firstSourcePort = 40_000;
const portsOfASide = 10_000;

/** A comparison of control and subject on a workload. */
export interface Comparison {
  readonly workload: Workload;
  readonly control: Target;
  readonly subject: Target;
  readonly link: Link;
}

/**
 * Loads control and subject in turn, each in a process of its own. Beforehand, checks that both forward the packets
 * unchanged and to the right destinations. Returns packets per ms of CPU time.
 */
export async function compare(
  { workload, control, subject, link }: Comparison,
  effort: Effort,
  progress: Lab["progress"],
): Promise<Rounds> {
  await using stack = new AsyncDisposableStack();
  const cids = stack.use(shareFile(createConnectionIds(workload)));
  link.openSink();
  const sides = {
    control: await open(control, firstSourcePort),
    subject: await open(subject, firstSourcePort + portsOfASide),
  };
  link.closeSink();
  return await alternate(effort, progress, "kpps per core", (side) =>
    measure(link, sides[side], effort.roundMs),
  );

  async function open(target: Target, sourcePort: number): Promise<Side> {
    progress(`checking what ${target.name} passes on`);
    const side = await startSide(link, target, workload, cids, sourcePort);
    stack.defer(side.stop);
    await check(link, target, side);
    return side;
  }
}

interface Side {
  readonly forwarder: Child;
  readonly load: Child;
  /** Address and port that the load sends to. */
  readonly address: string;
  readonly isProgram: boolean;
  /** Highest rate forwarded so far, in packets per ms. 0 before the first round, which therefore runs at full speed. */
  kpps: number;
  stop(): Promise<void>;
}

async function startSide(
  { addresses }: Link,
  target: Target,
  { order }: Workload,
  cids: SharedFile,
  sourcePort: number,
): Promise<Side> {
  const { turn } = target;
  const sockets = turn?.clients ?? 1;
  const source = [addresses.client, String(sourcePort), String(sockets)];
  const load = startAt("client", [compileLoad(), cids.path, order, ...source]);
  const forwarder = startAt("relay", target.command({ cids, addresses, sourcePort }));
  const port = turn?.port ?? Number(await forwarder.hear());
  if (turn) await load.ask(`allocate ${addresses.relay} ${port} ${addresses.sink} 0`);
  return {
    forwarder,
    load,
    address: `${addresses.relay} ${port}`,
    isProgram: target.isProgram ?? false,
    kpps: 0,
    stop: async () => void (await Promise.all([forwarder.stop(), load.stop()])),
  };
}

async function check(link: Link, { name }: Target, side: Side): Promise<void> {
  const isGood = side.isProgram ? await isRightProgram(side) : await isRightForwarder(link, side);
  if (isGood) return;
  const reason = `${name} did not pass all packets on, unchanged and to the right destination; nothing was timed`;
  throw new QuicpipeError("ERR_QUICPIPE_INTERNAL", reason);
}

async function isRightProgram({ forwarder }: Side): Promise<boolean> {
  const [right, wrong] = (await forwarder.ask("check 0")).split(" ").map(Number);
  return right! > 0 && wrong === 0;
}

async function isRightForwarder(link: Link, side: Side): Promise<boolean> {
  for (const kpps of checkKpps) {
    const [right, wrong] = (await passOn(link, side, kpps)).split(" ").map(Number);
    if (wrong !== 0) return false;
    if (right === checkPackets) return true;
  }
  return false;
}

/** Sends the packets of a check and returns the sink's verdict, `<right> <wrong>`. */
async function passOn(
  { addresses, sinkNamespace }: Link,
  { load, address }: Side,
  kpps: number,
): Promise<string> {
  const sink = startAt(sinkNamespace, [compileSink(), addresses.sink, String(sinkSilenceMs)]);
  await sink.hear();
  const [verdict] = await Promise.all([
    sink.ask(String(checkPackets)),
    load.ask(`check ${address} ${checkPackets} ${kpps}`),
  ]);
  await sink.stop();
  return verdict;
}

/** Runs one round and returns the packets that arrived per ms of the forwarder's CPU time. */
async function measure(link: Link, side: Side, ms: number): Promise<number> {
  const { forwarder, load, address, isProgram } = side;
  if (isProgram) await forwarder.ask("attach 0");
  const before = read(link, forwarder);
  await load.ask(`flood ${address} ${ms} ${Math.round(side.kpps * link.overload)}`);
  await sleep(drainMs);
  const after = read(link, forwarder);
  if (isProgram) await forwarder.ask("detach 0");
  const packets = after.packets - before.packets;
  side.kpps = Math.max(side.kpps, packets / ms);
  return packets / ((after.cpuNs - before.cpuNs) / 1e6);
}

function read(link: Link, { pid }: Child): { packets: number; cpuNs: number } {
  return { packets: link.arrived(packetBytes), cpuNs: link.spentNs(pid) };
}
