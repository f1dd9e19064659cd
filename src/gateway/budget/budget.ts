import * as defaults from "../../defaults/index.ts";
import { sourceName } from "../../wire/source.ts";
import { type BudgetLimits, type BudgetRefusal, type ByteKind, defaultLimits } from "./limits.ts";
import { ByteBudget } from "./bytes.ts";
import { ConnectionBudget } from "./connection.ts";
import { bothKinds, type BudgetOwner, SourceBudget } from "./source.ts";
import { Turns } from "./turns.ts";

/** What all that comes through one door or several may hold; each refusal is counted by the limit that it met. */
export class Budget implements BudgetOwner {
  readonly limits: BudgetLimits;
  readonly turns: Turns<SourceBudget> = new Turns();
  readonly #all: Readonly<Record<ByteKind, ByteBudget>>;
  readonly #outbox: ByteBudget;
  readonly #sources = new Map<string, SourceBudget>();
  readonly #refused = new Map<BudgetRefusal, number>();

  constructor(limits: Partial<BudgetLimits> = {}) {
    this.limits = { ...defaultLimits, ...limits };
    this.#all = bothKinds(() => new ByteBudget({ scope: "all", limitBytes: this.limits.maxBytes }));
    this.#outbox = new ByteBudget({ scope: "all", limitBytes: this.limits.maxOutboxBytes });
  }

  /**
   * A connection from an IP address; `undefined` if the source has all that it may. Whoever opens it closes it.
   *
   * @param freePlaces places that are left: a source may have no more than are left to all others.
   */
  connect(address: string, freePlaces: number = Infinity): ConnectionBudget | undefined {
    const name = sourceName(address);
    const source = this.#sources.get(name) ?? new SourceBudget(this.#all, this.#outbox, this.limits);
    if (source.connections >= Math.min(this.limits.maxConnectionsPerSource, freePlaces)) {
      this.refuse("connections");
      return undefined;
    }
    // Who would find no room for a request need not connect.
    const full = source.bytes.unread.fullWith(defaults.requestOverheadBytes);
    if (full) {
      this.refuse(`unread-${full}`);
      return undefined;
    }
    this.#sources.set(name, source);
    source.connections++;
    return new ConnectionBudget(this, source, () => {
      if (--source.connections === 0) this.#sources.delete(name);
    });
  }

  /** Counts what met a limit. */
  refuse(refusal: BudgetRefusal): void {
    this.#refused.set(refusal, (this.#refused.get(refusal) ?? 0) + 1);
  }

  /** What is held now, and how often which limit was met so far. */
  stats(): BudgetStats {
    return {
      sources: this.#sources.size,
      unreadBytes: this.#all.unread.heldBytes,
      unsentBytes: this.#all.unsent.heldBytes,
      outboxBytes: this.#outbox.heldBytes,
      refused: Object.fromEntries(this.#refused),
    };
  }
}

/** A look at a {@link Budget}. */
export interface BudgetStats {
  readonly sources: number;
  readonly unreadBytes: number;
  readonly unsentBytes: number;
  readonly outboxBytes: number;
  readonly refused: Readonly<Partial<Record<BudgetRefusal, number>>>;
}
