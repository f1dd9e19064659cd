import { setTimeout as sleep } from "node:timers/promises";
import type { Pace } from "../programs/exchange.ts";
import { cycle } from "./cycle.ts";
import type { LabPeer, Told } from "./lab-peer.ts";
import { type Cell, isDual, type Outcome } from "./matrix.ts";
import type { Connected, PopulatedLab } from "./populated-lab.ts";

/** What has become of two peers. */
export interface CellRun {
  /** `direct`, or why not. */
  readonly outcome: string;
  /** Time from a connection by the relay to a direct path in use by both, in ms. */
  readonly afterMs: number | undefined;
  /** How long nothing arrived when the direct path was cut, in ms. */
  readonly stallMs: number | undefined;
  /** Whether all bytes have come back as they were, and the connection ended on the way that it should be on. */
  readonly isKept: boolean;
}

/** Time after which a direct path is no longer waited for, in ms: that of three rounds of checks, and some more. */
const patienceMs = 30_000;

/** Connects the peers of a cell and waits for what becomes of them; of a direct path also by a cut, if asked for. */
export async function runCell(lab: PopulatedLab, cell: Cell, pace: Pace, hasCut = false): Promise<CellRun> {
  const connected = await lab.connect(cell.alice, cell.bob, pace, isDual(cell) ? { host: "::" } : {});
  const { alice, bob } = connected;
  const outcome = await outcomeOf(connected, cell.outcome);
  const isDirect = outcome === "direct";
  const stallMs = isDirect && hasCut ? await cycle(connected) : undefined;
  const { isComplete, path } = await alice.finish();
  bob.close();
  return {
    outcome,
    afterMs: isDirect ? Math.max(...[alice, bob].map(firstSelectedMs)) : undefined,
    stallMs,
    isKept: isComplete && path!.kind === (isDirect ? "direct" : "relay"),
  };
}

/** Returns what is wrong with a run; nothing if it went as it must. */
export function faultOf(cell: Cell, { outcome, isKept }: CellRun): string | undefined {
  const outcomes: readonly string[] =
    cell.outcome === "either" ? ["direct", "checks-timeout"] : [cell.outcome];
  if (!outcomes.includes(outcome)) return `${outcome}, not ${cell.outcome}`;
  return isKept ? undefined : `${outcome}, but bytes were lost, or it ended on another way`;
}

/** Waits for what has to become of two peers, unless something else is decided. */
async function outcomeOf({ alice, bob }: Connected, expected: Outcome): Promise<string> {
  const isOver = ({ kind }: Told): boolean =>
    kind === "selected" || (kind === "refused" && expected !== "direct");
  const patience = new AbortController();
  const over = Promise.all([alice.next(isOver), bob.next(isOver)]);
  await Promise.race([over, sleep(patienceMs, undefined, patience)]).finally(() => patience.abort());
  const [own, other] = [stateOf(alice), stateOf(bob)];
  return own === other ? own : `${own} and ${other}`;
}

function stateOf({ told }: LabPeer): string {
  const last = told.findLast(({ event }) => event === "path");
  return last?.kind === "selected" ? "direct" : (last?.reason ?? last?.kind ?? "nothing");
}

function firstSelectedMs({ told }: LabPeer): number {
  return told.find(({ kind }) => kind === "selected")!.afterMs!;
}
