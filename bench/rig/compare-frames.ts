import { QuicpipeError } from "../../src/errors.ts";
import type { Effort, Lab } from "../row.ts";
import type { Rounds } from "../summary.ts";
import { alternate } from "./alternate.ts";
import type { Child } from "./machine/child.ts";
import { type Workload, createConnectionIds, shareFile } from "./workload.ts";
import { cpuNsOf } from "./machine/cpu.ts";
import { Loop } from "./loop.ts";
import { startAt } from "./machine/namespace.ts";
import { compileReceiver } from "./native/program.ts";
import { xdpCommand } from "./xdp.ts";

/** Source port of the load's session. No packet comes from it in these rows. */
const loadPort = 40_000;

/** Share of frames that must arrive for a round to count. Losses on the cable at busy moments are below 1 %. */
const leastArrived = 0.99;

/** Attempts for each round. If all of them lose too much, something is wrong. */
const attempts = 3;

/** Figure to measure: frames that arrive per ms of CPU time, or the run time of the program for one frame. */
export type FrameFigure = "kpps/core" | "ns/packet";

/**
 * Runs the relay's program and the control in turn on frames as a driver delivers them. The core of the relay does all
 * work up to the far end. Beforehand, checks the output of both programs for every connection ID of the workload.
 */
export async function compareFrames(
  workload: Workload,
  figure: FrameFigure,
  effort: Effort,
  progress: Lab["progress"],
): Promise<Rounds> {
  await using stack = new AsyncDisposableStack();
  const loop = stack.use(new Loop());
  const { path } = stack.use(shareFile(createConnectionIds(workload)));
  const ends = [loop.device, loop.ends.relay, loop.ends.client];
  const receiver = startAt("client", [compileReceiver(), ...ends, path, workload.order]);
  stack.defer(receiver.stop);
  await receiver.hear();
  const sides = { control: await open("reflector"), subject: await open("relay") };
  return await alternate(effort, progress, figure, (side) =>
    figure === "kpps/core"
      ? countFrames(sides[side], receiver, effort.roundMs)
      : timeProgram(sides[side], effort.roundMs),
  );

  async function open(kind: "relay" | "reflector"): Promise<Child> {
    progress(`checking what the ${kind} makes of each connection ID`);
    const host = startAt("relay", xdpCommand(kind, loop, loadPort, path));
    stack.defer(host.stop);
    await host.hear();
    const verdict = await host.ask("check 0");
    const expected = `${workload.sessions * workload.cidsPerSession} 0`;
    if (verdict === expected) return host;
    const reason = `the ${kind} made ${verdict} frames right and wrong, not ${expected}; nothing was timed`;
    throw new QuicpipeError("ERR_QUICPIPE_INTERNAL", reason);
  }
}

/** Runs one round, and repeats it if too many frames were lost on the cable. */
async function countFrames(host: Child, receiver: Child, ms: number): Promise<number> {
  const losses: string[] = [];
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const { sent, arrived, figure } = await runRound(host, receiver, ms);
    if (arrived >= leastArrived * sent) return figure;
    losses.push(`${arrived} of ${sent}`);
  }
  throw new QuicpipeError("ERR_QUICPIPE_INTERNAL", `only ${losses.join(", then ")} frames arrived`);
}

/** Returns the frames sent and arrived; `figure` is frames that arrived per ms of CPU time. */
async function runRound(
  host: Child,
  receiver: Child,
  ms: number,
): Promise<{ readonly sent: number; readonly arrived: number; readonly figure: number }> {
  const arrivedBefore = Number(await receiver.ask("arrived"));
  const cpuNs = cpuNsOf(host.pid);
  const sent = Number(await host.ask(`frames ${ms}`));
  const spentNs = cpuNsOf(host.pid) - cpuNs;
  const arrived = Math.min(sent, Number(await receiver.ask("arrived")) - arrivedBefore);
  return { sent, arrived, figure: arrived / (spentNs / 1e6) };
}

/** Runs one round and returns the run time of the program for one frame, in ns. */
async function timeProgram(host: Child, ms: number): Promise<number> {
  return Number(await host.ask(`time ${ms}`));
}
