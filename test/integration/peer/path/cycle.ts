import { setTimeout as sleep } from "node:timers/promises";
import type { DirectWay } from "../../nat-lab/wire/ways.ts";
import type { Connected } from "./populated-lab.ts";

/** What a cut of the direct way between two peers has shown. */
export interface CutReport {
  /** How long nothing arrived, in ms. */
  readonly stallMs: number;
  /** Time from the end of the cut until both were direct again, in ms; `undefined` if they were not in time. */
  readonly againMs: number | undefined;
}

/**
 * Cuts the direct way of two peers that use it, waits until they are on the relay, heals it, and waits until they are direct again.
 *
 * @param way what is cut; both ways if absent.
 * @param patienceMs how long they may take.
 */
export async function cycle(connected: Connected, way?: DirectWay, patienceMs?: number): Promise<CutReport> {
  const { pair, alice, bob } = connected;
  await alice.report();
  pair.cut(way);
  await Promise.all([alice.lost(), bob.lost()]);
  const { worstGapMs } = await alice.report();
  pair.heal();
  const healedMs = performance.now();
  const isBack = await inTime(Promise.all([alice.selected(), bob.selected()]), patienceMs);
  return { stallMs: worstGapMs!, againMs: isBack ? Math.round(performance.now() - healedMs) : undefined };
}

/** Waits for something, for a time if one is given, and reports whether it came. */
export async function inTime(something: Promise<unknown>, patienceMs?: number): Promise<boolean> {
  const isThere = something.then(() => true);
  if (patienceMs === undefined) return await isThere;
  const patience = new AbortController();
  const isLate = sleep(patienceMs, false, patience);
  return await Promise.race([isThere, isLate]).finally(() => patience.abort());
}
