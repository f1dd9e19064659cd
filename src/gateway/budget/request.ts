import type { BudgetRefusal, ByteKind } from "./limits.ts";
import { ByteBudget } from "./bytes.ts";
import { bothKinds, type BudgetOwner, type SourceBudget } from "./source.ts";

/** Budget of one request. */
export class RequestBudget {
  readonly #budget: BudgetOwner;
  readonly #source: SourceBudget;
  readonly #bytes: Readonly<Record<ByteKind, ByteBudget>>;
  readonly #onClose: () => void;
  #isWaiting = false;
  #isClosed = false;

  constructor(
    budget: BudgetOwner,
    source: SourceBudget,
    connection: Readonly<Record<ByteKind, ByteBudget>>,
    onClose: () => void,
  ) {
    const limitBytes = budget.limits.maxStreamBytes;
    this.#budget = budget;
    this.#source = source;
    this.#onClose = onClose;
    this.#bytes = bothKinds(
      (kind) => new ByteBudget({ scope: "stream", limitBytes, parent: connection[kind] }),
    );
  }

  /** Takes bytes. Returns `false`, and takes none, if a limit is met or the request is closed. */
  take(kind: ByteKind, bytes: number): boolean {
    if (this.#isClosed) return false;
    const full = this.#bytes[kind].take(bytes);
    if (full) this.#budget.refuse(`${kind}-${full}`);
    return full === undefined;
  }

  /** Gives bytes back. */
  give(kind: ByteKind, bytes: number): void {
    this.#bytes[kind].give(bytes);
  }

  /** Resolves when the request may go to the app. Sources take turns. */
  turn(): Promise<void> {
    return this.#budget.turns.wait(this.#source);
  }

  /** Counts a refusal. */
  refuse(refusal: BudgetRefusal): void {
    this.#budget.refuse(refusal);
  }

  /** Begins a long wait for the app (a long poll or an event stream). Returns `false` if the source has too many. */
  wait(): boolean {
    if (this.#isWaiting) return true;
    if (this.#isClosed) return false;
    if (this.#source.waits >= this.#budget.limits.maxWaitsPerSource) {
      this.#budget.refuse("waits");
      return false;
    }
    this.#isWaiting = true;
    this.#source.waits++;
    return true;
  }

  /** Ends the wait, if there is one. */
  endWait(): void {
    if (this.#isWaiting) this.#source.waits--;
    this.#isWaiting = false;
  }

  /** Ends the wait and gives everything back. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.endWait();
    this.#bytes.unread.clear();
    this.#bytes.unsent.clear();
    this.#onClose();
  }
}
