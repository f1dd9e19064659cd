import * as defaults from "../defaults.ts";
import { sourceName } from "../wire/source.ts";
import { ByteBudget, type BudgetScope } from "./byte-budget.ts";
import { Turns } from "./turns.ts";

/** Limits of a {@link Budget}; those of bytes hold for unread request bytes and for unsent response bytes each. */
export interface BudgetLimits {
  readonly maxStreamBytes: number;
  readonly maxConnectionBytes: number;
  readonly maxSourceBytes: number;
  readonly maxBytes: number;
  readonly maxConnectionsPerSource: number;
  readonly maxWaitsPerSource: number;
  /** Of those response bytes that the HTTP/3 library has and has not sent. */
  readonly maxConnectionOutboxBytes: number;
  readonly maxSourceOutboxBytes: number;
  readonly maxOutboxBytes: number;
}

/**
 * What a limit was met with, by which limit: `connections` and `waits` are the shares of a source, `arrivals` the TCP
 * connections that it may begin; where the outbox is full, a piece of a response waits.
 */
export type BudgetRefusal =
  | `unread-${BudgetScope}`
  | `unsent-${BudgetScope}`
  | `outbox-${BudgetScope}`
  | "connections"
  | "waits"
  | "arrivals";

/** Request bytes that the app has not read yet, or response bytes that the client has not taken yet. */
export type ByteKind = "unread" | "unsent";

const defaultLimits: BudgetLimits = {
  maxStreamBytes: defaults.maxStreamBytes,
  maxConnectionBytes: defaults.maxConnectionBytes,
  maxSourceBytes: defaults.maxSourceBytes,
  maxBytes: defaults.maxGatewayBytes,
  maxConnectionsPerSource: defaults.maxConnectionsPerSource,
  maxWaitsPerSource: defaults.maxWaitsPerSource,
  maxConnectionOutboxBytes: defaults.maxConnectionOutboxBytes,
  maxSourceOutboxBytes: defaults.maxSourceOutboxBytes,
  maxOutboxBytes: defaults.maxOutboxBytes,
};

/** What all that comes through one door or several may hold; each refusal is counted by the limit that it met. */
export class Budget {
  readonly limits: BudgetLimits;
  readonly turns: Turns<Source> = new Turns();
  readonly #all: Readonly<Record<ByteKind, ByteBudget>>;
  readonly #outbox: ByteBudget;
  readonly #sources = new Map<string, Source>();
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
    const source = this.#sources.get(name) ?? new Source(this.#all, this.#outbox, this.limits);
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

/** One source's part; it lives as long as it has connections. */
class Source {
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

/** One connection's part. */
export class ConnectionBudget {
  readonly #budget: Budget;
  readonly #source: Source;
  readonly #bytes: Readonly<Record<ByteKind, ByteBudget>>;
  /** What the HTTP/3 library has of this connection's responses and has not sent. */
  readonly outbox: ByteBudget;
  readonly #requests = new Set<RequestBudget>();
  readonly #onClose: () => void;
  #strayBytes = 0;
  #isClosed = false;

  constructor(budget: Budget, source: Source, onClose: () => void) {
    const { maxConnectionBytes: limitBytes, maxConnectionOutboxBytes } = budget.limits;
    this.outbox = new ByteBudget({
      scope: "connection",
      limitBytes: maxConnectionOutboxBytes,
      parent: source.outbox,
    });
    this.#budget = budget;
    this.#source = source;
    this.#onClose = onClose;
    this.#bytes = bothKinds(
      (kind) => new ByteBudget({ scope: "connection", limitBytes, parent: source.bytes[kind] }),
    );
  }

  /** Connections of its source, this one included. */
  get sourceConnections(): number {
    return this.#source.connections;
  }

  /** Counts a piece of a response that the outbox has no room for yet. */
  holdUp(full: BudgetScope): void {
    this.#budget.refuse(`outbox-${full}`);
  }

  /** Requests that are open. */
  get requests(): number {
    return this.#requests.size;
  }

  /**
   * A request whose header fields are so long; `undefined` if there is no room for it. It holds them and
   * `defaults.requestOverheadBytes` of the unread bytes until whoever opened it closes it.
   */
  open(headerBytes: number): RequestBudget | undefined {
    const request = new RequestBudget(this.#budget, this.#source, this.#bytes, () =>
      this.#requests.delete(request),
    );
    this.#requests.add(request);
    // Whose answer would find no room need not be asked of the app.
    const full = this.#bytes.unsent.fullWith(defaults.responsePieceBytes);
    if (full) this.#budget.refuse(`unsent-${full}`);
    else if (request.take("unread", headerBytes + defaults.requestOverheadBytes)) return request;
    request.close();
    return undefined;
  }

  /**
   * From now on so many of the unread bytes are for what no request has, in place of those before.
   *
   * @returns `false` where a limit is met; then they are as many as there is room for.
   */
  holdStray(bytes: number): boolean {
    const more = Math.min(bytes, this.#budget.limits.maxConnectionBytes) - this.#strayBytes;
    if (more <= 0) this.#bytes.unread.give(-more);
    const full = more > 0 ? this.#bytes.unread.take(more) : undefined;
    if (!full) this.#strayBytes += more;
    const refusal = bytes > this.#budget.limits.maxConnectionBytes ? "connection" : full;
    if (refusal) this.#budget.refuse(`unread-${refusal}`);
    return refusal === undefined;
  }

  /** Closes what is open, and gives back all. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const request of this.#requests) request.close();
    this.#bytes.unread.clear();
    this.outbox.clear();
    this.#onClose();
  }
}

/** One request's part. */
export class RequestBudget {
  readonly #budget: Budget;
  readonly #source: Source;
  readonly #bytes: Readonly<Record<ByteKind, ByteBudget>>;
  readonly #onClose: () => void;
  #isWaiting = false;
  #isClosed = false;

  constructor(
    budget: Budget,
    source: Source,
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

  /** Bytes of a kind that this request holds. */
  heldBytes(kind: ByteKind): number {
    return this.#bytes[kind].heldBytes;
  }

  /** Takes bytes; `false`, and none are taken, where a limit is met or the request is closed. */
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

  /** Resolves when the request may be taken to the app: its source takes turns with the others. */
  turn(): Promise<void> {
    return this.#budget.turns.wait(this.#source);
  }

  /** Begins a long wait for the app, a long poll or an event stream; `false` if the source has all that it may. */
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

  /** Ends the wait and gives back all. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.endWait();
    this.#bytes.unread.clear();
    this.#bytes.unsent.clear();
    this.#onClose();
  }
}

function bothKinds(make: (kind: ByteKind) => ByteBudget): Readonly<Record<ByteKind, ByteBudget>> {
  return { unread: make("unread"), unsent: make("unsent") };
}
