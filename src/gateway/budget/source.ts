import type { BudgetLimits, BudgetRefusal, ByteKind } from "./limits.ts";
import { ByteBudget } from "./bytes.ts";
import type { RoomHolders } from "./holders.ts";
import { Room } from "./room.ts";
import type { Turns } from "./turns.ts";

/** State that the parts of a budget share: the limits, the turns, and the count of refusals. */
export interface BudgetOwner {
  readonly limits: BudgetLimits;
  readonly turns: Turns<SourceBudget>;
  readonly holders: RoomHolders;
  refuse(refusal: BudgetRefusal): void;
}

/** Budget of one source. It lives as long as the source has connections. */
export class SourceBudget {
  readonly bytes: Readonly<Record<ByteKind, ByteBudget>>;
  readonly outbox: Room;
  connections = 0;
  waits = 0;

  constructor(all: Readonly<Record<ByteKind, ByteBudget>>, outbox: Room, limits: BudgetLimits) {
    const { maxSourceBytes, maxSourceOutboxBytes } = limits;
    this.outbox = new Room({ scope: "source", limitBytes: maxSourceOutboxBytes, parent: outbox });
    this.bytes = bothKinds(
      (kind) => new ByteBudget({ scope: "source", limitBytes: maxSourceBytes, parent: all[kind] }),
    );
  }
}

/** Makes a budget for each kind. */
export function bothKinds(make: (kind: ByteKind) => ByteBudget): Readonly<Record<ByteKind, ByteBudget>> {
  return { unread: make("unread"), unsent: make("unsent") };
}
