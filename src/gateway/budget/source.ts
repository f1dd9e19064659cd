import type { BudgetLimits, BudgetRefusal, ByteKind } from "./limits.ts";
import { ByteBudget } from "./bytes.ts";
import type { Turns } from "./turns.ts";

/** What the parts of a budget share: its limits, who counts what met one, and whose turn it is. */
export interface BudgetOwner {
  readonly limits: BudgetLimits;
  readonly turns: Turns<SourceBudget>;
  refuse(refusal: BudgetRefusal): void;
}

/** One source's part; it lives as long as it has connections. */
export class SourceBudget {
  readonly bytes: Readonly<Record<ByteKind, ByteBudget>>;
  readonly outbox: ByteBudget;
  connections = 0;
  waits = 0;

  constructor(all: Readonly<Record<ByteKind, ByteBudget>>, outbox: ByteBudget, limits: BudgetLimits) {
    const { maxSourceBytes, maxSourceOutboxBytes } = limits;
    this.outbox = new ByteBudget({ scope: "source", limitBytes: maxSourceOutboxBytes, parent: outbox });
    this.bytes = bothKinds(
      (kind) => new ByteBudget({ scope: "source", limitBytes: maxSourceBytes, parent: all[kind] }),
    );
  }
}

/** A value for each kind. */
export function bothKinds(make: (kind: ByteKind) => ByteBudget): Readonly<Record<ByteKind, ByteBudget>> {
  return { unread: make("unread"), unsent: make("unsent") };
}
