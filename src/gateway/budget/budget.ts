import * as defaults from "../../defaults/index.ts";
import { networkName, sourceName } from "../../wire/source.ts";
import { type BudgetLimits, type BudgetRefusal, type ByteKind, resolveLimits } from "./limits.ts";
import { ByteBudget } from "./bytes.ts";
import { ConnectionBudget } from "./connection.ts";
import { RoomHolders } from "./holders.ts";
import { Places } from "./places.ts";
import { Room } from "./room.ts";
import { bothKinds, NetworkBudget, SourceBudget, Turns } from "./source.ts";

/** Bounds what the clients of one or more servers hold, and counts each refusal by the limit that it met. */
export class Budget {
  readonly limits: BudgetLimits;
  /** @internal */
  readonly turns: Turns<SourceBudget> = new Turns();
  /** @internal */
  readonly holders: RoomHolders = new RoomHolders();
  readonly #all: Readonly<Record<ByteKind, ByteBudget>>;
  readonly #outbox: Room;
  readonly #networks = new Map<string, NetworkBudget>();
  readonly #sources = new Map<string, SourceBudget>();
  readonly #refused = new Map<BudgetRefusal, number>();

  /** @throws ERR_QUICPIPE_OPTION_INVALID, naming a limit that is unknown or no whole number from 1. */
  constructor(limits?: Partial<BudgetLimits>) {
    this.limits = resolveLimits(limits);
    this.#all = bothKinds(() => new ByteBudget({ scope: "all", limitBytes: this.limits.maxBytes }));
    this.#outbox = new Room({ scope: "all", limitBytes: this.limits.maxOutboxBytes });
  }

  /**
   * Opens the budget of a connection from an IP address; `undefined` if the source has no share or room left. The caller closes
   * it.
   *
   * @param places of the server. A source may have no more than are left for all others, unless a network with more makes way.
   * @internal
   */
  connect(address: string, places: Places = new Places(Infinity)): ConnectionBudget | undefined {
    const source = this.#sourceOf(address);
    const refusal = this.#refusalFor(source);
    if (refusal || (source.connections >= places.free && !places.makeWay(address))) {
      this.refuse(refusal ?? "connections");
      return undefined;
    }
    this.#opened(address, source);
    return new ConnectionBudget(this, source, places.open(address), () => this.#closed(address, source));
  }

  #sourceOf(address: string): SourceBudget {
    const known = this.#sources.get(sourceName(address));
    if (known) return known;
    const network = this.#networks.get(networkName(address)) ?? new NetworkBudget(this.#all, this.limits);
    return new SourceBudget(network, this.#outbox, this.limits);
  }

  #opened(address: string, source: SourceBudget): void {
    if (source.connections++ > 0) return;
    this.#sources.set(sourceName(address), source);
    source.network.sources++;
    this.#networks.set(networkName(address), source.network);
  }

  #closed(address: string, source: SourceBudget): void {
    if (--source.connections > 0) return;
    this.#sources.delete(sourceName(address));
    if (--source.network.sources === 0) this.#networks.delete(networkName(address));
  }

  #refusalFor({ connections, bytes }: SourceBudget): BudgetRefusal | undefined {
    if (connections >= this.limits.maxConnectionsPerSource) return "connections";
    // A connection without room for a request is of no use.
    const full = bytes.unread.fullWith(defaults.requestOverheadBytes);
    return full && `unread-${full}`;
  }

  /** Counts a refusal. @internal */
  refuse(refusal: BudgetRefusal): void {
    this.#refused.set(refusal, (this.#refused.get(refusal) ?? 0) + 1);
  }

  /** Returns the bytes held now, and the refusals so far. */
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

/** A snapshot of a {@link Budget}. */
export interface BudgetStats {
  /** Sources with connections now. */
  readonly sources: number;
  /** Request bytes now that the app has not read. */
  readonly unreadBytes: number;
  /** Response bytes now that clients have not taken. */
  readonly unsentBytes: number;
  /** Part of the unsent bytes that the HTTP/3 library holds. */
  readonly outboxBytes: number;
  /** Refusals so far, by the limit that was met. */
  readonly refused: Readonly<Partial<Record<BudgetRefusal, number>>>;
}
