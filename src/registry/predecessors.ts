import * as defaults from "../defaults/index.ts";
import type { Instance } from "./registration.ts";

/** What of a registration tells whose it is and whether that process still runs. */
interface Kept {
  readonly instance: Instance | undefined;
  readonly ttlMs: number;
  readonly expiresAtMs: number;
}

/**
 * Returns the registrations that earlier processes of the same holder have left behind, in their order. A process is taken for dead
 * when none of its registrations was made or renewed for `defaults.silentRunMs`: one that lives renews them in turn.
 */
export function predecessorsOf<Entry extends Kept>(
  entries: Iterable<Entry>,
  { holder, run }: Instance,
  nowMs: number,
): Entry[] {
  const others = [...entries].filter(({ instance }) => instance?.holder === holder && instance.run !== run);
  const aliveAtMs = new Map<string, number>();
  for (const { instance, ttlMs, expiresAtMs } of others)
    aliveAtMs.set(instance!.run, Math.max(aliveAtMs.get(instance!.run) ?? 0, expiresAtMs - ttlMs));
  return others.filter(({ instance }) => nowMs - aliveAtMs.get(instance!.run)! >= defaults.silentRunMs);
}
