import type { DropReason, SessionCounters, SessionId } from "../contract.ts";
import type { Counters } from "../counters.ts";
import type { Addon, NativeHandle } from "./addon.ts";

/** Sessions whose counters lie in one typed array, as a power of two, and words of each. */
const chunkBits = 10;
const sessionWords = 8;

/** Reads the memory that the addon's threads count in. */
export class NativeCounters {
  readonly #handle: NativeHandle;
  readonly #indexOf: ReadonlyMap<string, number>;
  /** Read once: the handle makes new arrays each time. */
  readonly #threads: readonly BigUint64Array[];
  readonly #chunks: BigUint64Array[] = [];

  constructor({ counterNames }: Addon, handle: NativeHandle) {
    this.#handle = handle;
    this.#threads = handle.counters;
    this.#indexOf = new Map(counterNames.map((name, index) => [name, index]));
  }

  /** What the threads counted under a name so far; 0 if they never count it. */
  total(name: string): number {
    const index = this.#indexOf.get(name);
    if (index === undefined) return 0;
    return this.#threads.reduce((sum, thread) => sum + Number(thread[index]), 0);
  }

  /** What the threads dropped, and what JavaScript did. */
  dropped(own: Counters["dropped"]): Record<DropReason, number> {
    const all = { ...own };
    for (const reason of Object.keys(all) as DropReason[]) all[reason] += this.total(`dropped.${reason}`);
    return all;
  }

  /** A snapshot of a session's counters. */
  ofSession(id: SessionId): SessionCounters {
    const chunk = id >> chunkBits;
    const words = (this.#chunks[chunk] ??= this.#handle.sessionCounters(chunk));
    const at = (id & ((1 << chunkBits) - 1)) * sessionWords;
    const [packetsFrom, bytesFrom, packetsTo, bytesTo, packetsLimited] = Array.from(
      words.subarray(at, at + sessionWords),
      Number,
    ) as [number, number, number, number, number];
    return { packetsFrom, bytesFrom, packetsTo, bytesTo, packetsLimited };
  }
}
