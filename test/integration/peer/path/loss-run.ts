import { setTimeout as sleep } from "node:timers/promises";
import { createLab } from "../../nat-lab/lab.ts";
import type { Conditions } from "../../nat-lab/wire/wire.ts";
import type { LabPeer, Told } from "./lab-peer.ts";
import { startTransfer } from "./lab-peers.ts";

/** What two peers have been through on a direct path that loses packets. */
export interface LossRun {
  /** How often either of them has doubted the path, so that packets took both ways. */
  readonly suspects: number;
  /** How often either of them has left it for the relay, and why. */
  readonly demotions: readonly string[];
  /** Bytes that have come back, and whether those are all that were sent, as they were. */
  readonly bytes: number;
  readonly isComplete: boolean;
  /** The path that packets took in the end. */
  readonly path: string;
}

/** One packet in 20 on either way, ten in a row on average. */
export const burstyLoss: Required<Pick<Conditions, "loss" | "burst">> = { loss: 0.05, burst: 10 };

/** A round trip of 10 ms straight, and of 20 ms by the relay. */
const wire = { direct: { delayMs: 5 }, relay: { delayMs: 5 } } as const;

/** Has two peers exchange a megabyte a second on a lossy direct path, for a time, and until one has doubted it at least. */
export async function runLossy(durationMs: number, loss: Conditions = burstyLoss): Promise<LossRun> {
  await using lab = await createLab({ alice: "port-dependent", bob: "port-dependent", wire });
  const { alice, bob } = await startTransfer(lab);
  await Promise.all([alice.selected(), bob.selected()]);
  await lab.impair("direct", { ...wire.direct, ...loss });
  await Promise.all([sleep(durationMs), Promise.race([alice, bob].map((peer) => peer.next(isDoubt)))]);
  const { path } = await alice.report();
  const { received, isComplete } = await alice.finish();
  return {
    suspects: told([alice, bob], "suspect").length,
    demotions: told([alice, bob], "lost").map(({ reason }) => reason!),
    bytes: received!,
    isComplete,
    path: path!.kind,
  };
}

/** Returns what is wrong with a run; nothing if the losses have changed nothing. */
export function faultsOf({ demotions, isComplete, path }: LossRun): string[] {
  return [
    ...demotions.map((reason) => `the direct path was left (${reason})`),
    ...(path === "direct" ? [] : [`packets take the ${path} in the end`]),
    ...(isComplete ? [] : ["bytes were lost, changed or doubled"]),
  ];
}

function isDoubt({ kind }: Told): boolean {
  return kind === "suspect" || kind === "lost";
}

function told(peers: readonly LabPeer[], kind: string): Told[] {
  return peers.flatMap((peer) => peer.told.filter((line) => line.event === "path" && line.kind === kind));
}
