import type { Pace } from "../programs/exchange.ts";
import { type CutReport, cycle, inTime } from "./cycle.ts";
import type { LabPeer, Told } from "./lab-peer.ts";
import { inTurns } from "./in-turns.ts";
import { type Cell, countsPorts, isDual, type Outcome } from "./matrix.ts";
import type { Connected, PopulatedLab } from "./populated-lab.ts";

/** What has become of two peers. */
export interface CellRun {
  /** `direct`, or why not. */
  readonly outcome: string;
  /** Time from a connection by the relay to a direct path in use by both, in ms. */
  readonly afterMs: number | undefined;
  /** Why alice had no direct path before that. */
  readonly refusals: readonly string[];
  /** Of a direct path that was cut. */
  readonly cut: CutReport | undefined;
  /** Whether all bytes have come back as they were, and the relay has been kept where there is no direct path. */
  readonly isKept: boolean;
}

/** Time after which a direct path is no longer waited for, in ms: that of three rounds of checks, and some more. */
export const patienceMs = 30_000;

/** Connects the peers of a cell and waits for what becomes of them; of a direct path also by a cut, if asked for. */
export async function runCell(lab: PopulatedLab, cell: Cell, pace: Pace, hasCut = false): Promise<CellRun> {
  const connected = await lab.connect(cell.alice, cell.bob, pace, isDual(cell) ? { host: "::" } : {});
  const { alice, bob } = connected;
  const outcome = await outcomeOf(connected, cell.outcome);
  const isDirect = outcome === "direct";
  const cut = isDirect && hasCut ? await cycle(connected, undefined, patienceMs) : undefined;
  const { isComplete, path } = await alice.finish();
  bob.close();
  return {
    outcome,
    afterMs: isDirect ? Math.max(...[alice, bob].map(firstSelectedMs)) : undefined,
    refusals: refusals(alice),
    cut,
    isKept: isComplete && (isDirect || path!.kind === "relay"),
  };
}

/**
 * Does work for all cells, so many at a time; for those whose NAT counts its ports one after the other, as each peer behind it takes
 * some of those that are predicted for another.
 */
export async function inShifts<Result>(
  cells: readonly Cell[],
  width: number,
  work: (cell: Cell) => Promise<Result>,
): Promise<Result[]> {
  const { alone = [], together = [] } = Object.groupBy(cells, (cell) =>
    countsPorts(cell) ? "alone" : "together",
  );
  return [...(await inTurns(together, width, work)), ...(await inTurns(alone, 1, work))];
}

/** Returns what is wrong with a run; nothing if it went as it must. */
export function faultsOf({ outcome: expected }: Cell, { outcome, cut, isKept }: CellRun): string[] {
  return [
    ...(outcome === expected ? [] : [`${outcome}, not ${expected}`]),
    ...(cut && cut.againMs === undefined ? [`not direct again ${patienceMs} ms after a cut`] : []),
    ...(isKept ? [] : ["bytes were lost, or the relay was left"]),
  ];
}

/** Waits for what has to become of two peers, unless something else is decided. */
async function outcomeOf({ alice, bob }: Connected, expected: Outcome): Promise<string> {
  const isOver = ({ kind }: Told): boolean =>
    kind === "selected" || (kind === "refused" && expected !== "direct");
  await inTime(Promise.all([alice.next(isOver), bob.next(isOver)]), patienceMs);
  const [own, other] = [stateOf(alice), stateOf(bob)];
  return own === other ? own : `${own} and ${other}`;
}

function stateOf({ told }: LabPeer): string {
  const { kind = "undecided", reason } = told.findLast(({ event }) => event === "path") ?? {};
  // A path in doubt is in use, beside the relay.
  return kind === "selected" || kind === "suspect" ? "direct" : (reason ?? kind);
}

/** Before it was direct for the first time, if it was. */
function refusals({ told }: LabPeer): string[] {
  const end = told.findIndex(({ kind }) => kind === "selected");
  return told
    .slice(0, end < 0 ? undefined : end)
    .flatMap((line) => (line.kind === "refused" ? line.reason! : []));
}

function firstSelectedMs({ told }: LabPeer): number {
  return told.find(({ kind }) => kind === "selected")!.afterMs!;
}
