import type { BudgetLimits, BudgetRefusal, ByteKind } from "./limits.ts";
import {
  appRequestsPerTurn,
  fieldBurstBytes,
  fieldBytesPerSecond,
  networkFieldFactor,
  sourceFieldFactor,
  usualFieldBytes,
} from "../../defaults/index.ts";
import { ByteBudget } from "./bytes.ts";
import type { RoomHolders } from "./holders.ts";
import { Room } from "./room.ts";
import { TokenBucket } from "../../token-bucket.ts";

/**
 * Schedules requests to the app: a few in each turn of the event loop, from one source after the other. A source with many
 * requests therefore delays only its own.
 */
export class Turns<Source extends object> {
  /** Waiting requests by source. The first source is next. */
  readonly #waiting = new Map<Source, (() => void)[]>();
  #isScheduled = false;

  /** Resolves in a later turn of the event loop, when it is the turn of `source`. */
  wait(source: Source): Promise<void> {
    return new Promise((resolve) => {
      const before = this.#waiting.get(source);
      if (before) before.push(resolve);
      else this.#waiting.set(source, [resolve]);
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#isScheduled || this.#waiting.size === 0) return;
    this.#isScheduled = true;
    setImmediate(() => this.#serve());
  }

  #serve(): void {
    this.#isScheduled = false;
    for (let i = 0; i < appRequestsPerTurn && this.#waiting.size > 0; i++) this.#serveNext();
    this.#schedule();
  }

  #serveNext(): void {
    const [source, waiting] = this.#waiting.entries().next().value!;
    this.#waiting.delete(source);
    waiting.shift()!();
    if (waiting.length > 0) this.#waiting.set(source, waiting);
  }
}

/**
 * The rate of header fields of one scope, by their size once decoded. HPACK lets a client name a field of 4 KB with one byte
 * (RFC 9113 §10.5.1), so that what it sends says little about the work that it makes. Usual requests are free.
 */
export class FieldRate {
  readonly #bucket: TokenBucket;
  readonly #parent: FieldRate | undefined;

  /**
   * @param factor of the limits of a connection.
   * @param parent the wider scope in which its bytes count as well.
   */
  constructor(factor: number, parent?: FieldRate) {
    this.#bucket = new TokenBucket(fieldBytesPerSecond * factor, fieldBurstBytes * factor, 0);
    this.#parent = parent;
  }

  /** Counts the header fields of a request. Reports whether they are within the limits. */
  take(costBytes: number, nowMs: number): boolean {
    return this.#drain(Math.max(0, costBytes - usualFieldBytes), nowMs);
  }

  #drain(bytes: number, nowMs: number): boolean {
    return this.#bucket.take(bytes, nowMs) && (!this.#parent || this.#parent.#drain(bytes, nowMs));
  }
}

/** State that the parts of a budget share: the limits, the turns, and the count of refusals. */
export interface BudgetOwner {
  readonly limits: BudgetLimits;
  readonly turns: Turns<SourceBudget>;
  readonly holders: RoomHolders;
  refuse(refusal: BudgetRefusal): void;
}

/** Budget of one network, an IPv4 /24 or an IPv6 /48. It lives as long as the network has sources. */
export class NetworkBudget {
  readonly bytes: Readonly<Record<ByteKind, ByteBudget>>;
  readonly fields: FieldRate = new FieldRate(networkFieldFactor);
  sources = 0;

  constructor(all: Readonly<Record<ByteKind, ByteBudget>>, { maxBytes: limitBytes }: BudgetLimits) {
    // Of all bytes it is a share, and has no limit of its own.
    this.bytes = bothKinds(
      (kind) => new ByteBudget({ scope: "all", limitBytes, isShare: true, parent: all[kind] }),
    );
  }
}

/** Budget of one source. It lives as long as the source has connections. */
export class SourceBudget {
  readonly bytes: Readonly<Record<ByteKind, ByteBudget>>;
  readonly network: NetworkBudget;
  readonly outbox: Room;
  readonly fields: FieldRate;
  connections = 0;
  waits = 0;

  constructor(network: NetworkBudget, outbox: Room, limits: BudgetLimits) {
    const { maxSourceBytes: limitBytes, maxSourceOutboxBytes } = limits;
    this.network = network;
    this.fields = new FieldRate(sourceFieldFactor, network.fields);
    this.outbox = new Room({ scope: "source", limitBytes: maxSourceOutboxBytes, parent: outbox });
    this.bytes = bothKinds(
      (kind) => new ByteBudget({ scope: "source", limitBytes, isShare: true, parent: network.bytes[kind] }),
    );
  }
}

/** Makes a budget for each kind. */
export function bothKinds(make: (kind: ByteKind) => ByteBudget): Readonly<Record<ByteKind, ByteBudget>> {
  return { unread: make("unread"), unsent: make("unsent") };
}
