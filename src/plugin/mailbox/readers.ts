import { readersWokenAtOnce, readersWokenEveryMs } from "../../defaults/index.ts";

/** Tells a reader that its box has changed. */
type Wake = () => void;

/**
 * The waiting readers of one box. A change wakes `readersWokenAtOnce` of them at a time, every `readersWokenEveryMs`, so that
 * the event loop has turns to write their answers. Accounts take turns, so that many readers of one do not hold up those of
 * another.
 */
export class Readers {
  /** Readers that are not due, with their accounts: woken since the last change, or added after it. */
  #awake = new Map<Wake, string>();
  /** Readers still to be woken, by account, in the order of the accounts' turns. */
  readonly #due = new Map<string, Set<Wake>>();
  #size = 0;
  #pause: NodeJS.Timeout | undefined;

  get size(): number {
    return this.#size;
  }

  /** Adds a reader. Returns a function that removes it; it may be called again. */
  add(account: string, wake: Wake): () => void {
    this.#awake.set(wake, account);
    this.#size++;
    return () => this.#remove(account, wake);
  }

  /**
   * Wakes every reader once, the first slice now unless a pause is running. A reader that is still to be woken is not woken
   * twice. A single reader never waits.
   */
  wake(): void {
    for (const [wake, account] of this.#awake) this.#dueOf(account).add(wake);
    this.#awake = new Map();
    if (!this.#pause) this.#wakeSlice();
  }

  #wakeSlice(): void {
    this.#pause = this.#size > 1 ? setTimeout(() => this.#endPause(), readersWokenEveryMs) : undefined;
    let left = readersWokenAtOnce;
    // An account that goes to the end of the map has its next turn after those of the others.
    for (const [account, [wake]] of this.#due) {
      if (left-- === 0) return;
      this.#wakeOne(account, wake!);
    }
  }

  #endPause(): void {
    this.#pause = undefined;
    if (this.#due.size > 0) this.#wakeSlice();
  }

  #wakeOne(account: string, wake: Wake): void {
    const wakes = this.#dueOf(account);
    this.#due.delete(account);
    wakes.delete(wake);
    if (wakes.size > 0) this.#due.set(account, wakes);
    this.#awake.set(wake, account);
    wake();
  }

  #dueOf(account: string): Set<Wake> {
    const known = this.#due.get(account);
    if (known) return known;
    const wakes = new Set<Wake>();
    this.#due.set(account, wakes);
    return wakes;
  }

  #remove(account: string, wake: Wake): void {
    if (!this.#awake.delete(wake) && !this.#leaveDue(account, wake)) return;
    this.#size--;
    if (this.#size > 0) return;
    clearTimeout(this.#pause);
    this.#pause = undefined;
  }

  #leaveDue(account: string, wake: Wake): boolean {
    const wakes = this.#due.get(account);
    if (!wakes?.delete(wake)) return false;
    if (wakes.size === 0) this.#due.delete(account);
    return true;
  }
}
