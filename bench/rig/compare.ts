import { setTimeout as sleep } from "node:timers/promises";
import { QuicpipeError } from "../../src/errors.ts";
import type { Effort, Lab } from "../row.ts";
import type { Rounds } from "../summary.ts";
import { alternate } from "./alternate.ts";
import type { Child } from "./child.ts";
import type { Contestant } from "./contestant.ts";
import { type Course, createConnectionIds, type SharedFile, shareFile } from "./course.ts";
import type { Ground } from "./ground.ts";
import { startAt } from "./place.ts";
import { compileLoad, compileSink } from "./program.ts";

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

/** A comparison of control and subject on a course. */
export interface Contest {
  readonly course: Course;
  readonly control: Contestant;
  readonly subject: Contestant;
  readonly ground: Ground;
}

/**
 * Loads control and subject in turn, each in a process of its own. Beforehand, checks that both forward the packets
 * unchanged and to the right destinations. Returns packets per ms of CPU time.
 */
export async function compare(
  { course, control, subject, ground }: Contest,
  effort: Effort,
  progress: Lab["progress"],
): Promise<Rounds> {
  await using stack = new AsyncDisposableStack();
  const cids = stack.use(shareFile(createConnectionIds(course)));
  ground.openSink();
  const sides = {
    control: await open(control, firstSourcePort),
    subject: await open(subject, firstSourcePort + portsOfASide),
  };
  ground.closeSink();
  return await alternate(effort, progress, "kpps per core", (side) =>
    measure(ground, sides[side], effort.roundMs),
  );

  async function open(contestant: Contestant, sourcePort: number): Promise<Side> {
    progress(`checking what ${contestant.name} passes on`);
    const side = await startSide(ground, contestant, course, cids, sourcePort);
    stack.defer(side.stop);
    await check(ground, contestant, side);
    return side;
  }
}

interface Side {
  readonly forwarder: Child;
  readonly load: Child;
  /** Address and port that the load sends to. */
  readonly target: string;
  readonly isProgram: boolean;
  /** Highest rate forwarded so far, in packets per ms. 0 before the first round, which therefore runs at full speed. */
  kpps: number;
  stop(): Promise<void>;
}

async function startSide(
  { addresses }: Ground,
  contestant: Contestant,
  { order }: Course,
  cids: SharedFile,
  sourcePort: number,
): Promise<Side> {
  const { turn } = contestant;
  const sockets = turn?.clients ?? 1;
  const source = [addresses.client, String(sourcePort), String(sockets)];
  const load = startAt("client", [compileLoad(), cids.path, order, ...source]);
  const forwarder = startAt("relay", contestant.command({ cids, addresses, sourcePort }));
  const port = turn?.port ?? Number(await forwarder.hear());
  if (turn) await load.ask(`allocate ${addresses.relay} ${port} ${addresses.sink} 0`);
  return {
    forwarder,
    load,
    target: `${addresses.relay} ${port}`,
    isProgram: contestant.isProgram ?? false,
    kpps: 0,
    stop: async () => void (await Promise.all([forwarder.stop(), load.stop()])),
  };
}

async function check(ground: Ground, { name }: Contestant, side: Side): Promise<void> {
  const isGood = side.isProgram ? await isRightProgram(side) : await isRightForwarder(ground, side);
  if (isGood) return;
  const reason = `${name} did not pass all packets on, unchanged and to the right place; nothing was timed`;
  throw new QuicpipeError("ERR_QUICPIPE_INTERNAL", reason);
}

async function isRightProgram({ forwarder }: Side): Promise<boolean> {
  const [right, wrong] = (await forwarder.ask("check 0")).split(" ").map(Number);
  return right! > 0 && wrong === 0;
}

async function isRightForwarder(ground: Ground, side: Side): Promise<boolean> {
  for (const kpps of checkKpps) {
    const [right, wrong] = (await passOn(ground, side, kpps)).split(" ").map(Number);
    if (wrong !== 0) return false;
    if (right === checkPackets) return true;
  }
  return false;
}

/** Sends the packets of a check and returns the sink's verdict, `<right> <wrong>`. */
async function passOn(
  { addresses, sinkPlace }: Ground,
  { load, target }: Side,
  kpps: number,
): Promise<string> {
  const sink = startAt(sinkPlace, [compileSink(), addresses.sink, String(sinkSilenceMs)]);
  await sink.hear();
  const [verdict] = await Promise.all([
    sink.ask(String(checkPackets)),
    load.ask(`check ${target} ${checkPackets} ${kpps}`),
  ]);
  await sink.stop();
  return verdict;
}

/** Runs one round and returns the packets that arrived per ms of the forwarder's CPU time. */
async function measure(ground: Ground, side: Side, ms: number): Promise<number> {
  const { forwarder, load, target, isProgram } = side;
  if (isProgram) await forwarder.ask("attach 0");
  const before = read(ground, forwarder);
  await load.ask(`flood ${target} ${ms} ${Math.round(side.kpps * ground.overload)}`);
  await sleep(drainMs);
  const after = read(ground, forwarder);
  if (isProgram) await forwarder.ask("detach 0");
  const packets = after.packets - before.packets;
  side.kpps = Math.max(side.kpps, packets / ms);
  return packets / ((after.cpuNs - before.cpuNs) / 1e6);
}

function read(ground: Ground, { pid }: Child): { packets: number; cpuNs: number } {
  return { packets: ground.arrived(packetBytes), cpuNs: ground.spentNs(pid) };
}
