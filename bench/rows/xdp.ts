import { relay } from "../rig/backend.ts";
import { compare } from "../rig/compare.ts";
import type { Target } from "../rig/target.ts";
import type { Workload } from "../rig/workload.ts";
import { compareFrames, type FrameFigure } from "../rig/compare-frames.ts";
import { Loop } from "../rig/loop.ts";
import { areKernelThreadsVisible } from "../rig/machine/host-helper.ts";
import { needsNative, needsXdp } from "../rig/requirement.ts";
import { program } from "../rig/xdp.ts";
import type { Effort, Row } from "../row.ts";
import { summarise } from "../summary.ts";

const of64: Workload = { order: "burst16", sessions: 64, cidsPerSession: 1 };
const randomOf100k: Workload = { order: "random", sessions: 10_000, cidsPerSession: 10 };
const control = "reflector";

/** Returns a row for packets of the kernel's stack, with programs attached in generic mode. */
function stackRow(name: string, about: string, workload: Workload, subjectOn: (loop: Loop) => Target): Row {
  return {
    name,
    about,
    async run({ network, effort, progress }) {
      if ("refusal" in network) return { name, skipped: network.refusal };
      if (!areKernelThreadsVisible())
        return { name, skipped: "the kernel's threads are in another PID namespace" };
      using loop = new Loop();
      await loop.receiveByThread();
      const comparison = { workload, control: program(control, loop), subject: subjectOn(loop), link: loop };
      return { name, unit: "kpps/core", ...summarise(control, await compare(comparison, effort, progress)) };
    },
  };
}

function framesRow(name: string, about: string, workload: Workload, figure: FrameFigure = "kpps/core"): Row {
  return {
    name,
    about,
    async run({ network, effort, progress }) {
      if ("refusal" in network) return { name, skipped: network.refusal };
      const rounds = await compareFrames(workload, figure, effortFor(figure, effort), progress);
      return { name, unit: figure, ...summarise(control, rounds) };
    },
  };
}

/** Fewer rounds for ns/packet: the kernel's run-time statistics differ little from round to round. */
function effortFor(figure: FrameFigure, effort: Effort): Effort {
  return figure === "kpps/core"
    ? effort
    : { ...effort, rounds: Math.ceil(effort.rounds / 4), warmUpRounds: 1 };
}

/** The rows of the kernel's data path. */
export const xdpRows: readonly Row[] = [
  stackRow(
    "xdp-skb/64",
    "XDP program on packets of the stack, 64 CIDs, against one that swaps addresses",
    of64,
    (loop) => program("relay", loop),
  ),
  stackRow(
    "xdp-skb/random-100k",
    "the same, 100 000 CIDs of 10 000 sessions in random order",
    randomOf100k,
    (loop) => program("relay", loop),
  ),
  needsNative(
    stackRow(
      "native-skb/random-100k",
      "native backend on the same packets, all that its core does counted",
      randomOf100k,
      () => relay("native", randomOf100k),
    ),
  ),
  framesRow("xdp-frames/64", "XDP program on frames as a driver has them, 64 CIDs", of64),
  framesRow(
    "xdp-frames/random-100k",
    "the same, 100 000 CIDs of 10 000 sessions in random order",
    randomOf100k,
  ),
  framesRow("xdp-program/64", "ns that the program takes for a frame itself, 64 CIDs", of64, "ns/packet"),
  framesRow("xdp-program/random-100k", "the same, random", randomOf100k, "ns/packet"),
].map(needsXdp);
