import type { DropReason, SessionCounters, SessionId } from "../contract.ts";
import type { Counters } from "../counters.ts";
import type { Addon, NativeHandle } from "./addon.ts";

/** Words of a session's account. */
const accountWords = 16;

/** Reads the memory that the addon's threads count in. */
export class NativeCounters {
  readonly #indexOf: ReadonlyMap<string, number>;
  /** Read once, as are the accounts: the handle makes new arrays each time. */
  readonly #threads: readonly BigUint64Array[];
  readonly #accounts: BigUint64Array;

  constructor({ counterNames }: Addon, handle: NativeHandle) {
    this.#accounts = handle.accounts;
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
    const at = id * accountWords;
    return {
      packetsFrom: this.#accountWord(at),
      bytesFrom: this.#accountWord(at + 1),
      packetsTo: this.#accountWord(at + 2),
      bytesTo: this.#accountWord(at + 3),
      packetsLimited: this.#accountWord(at + 4),
    };
  }

  #accountWord(index: number): number {
    return Number(this.#accounts[index]);
  }
}
