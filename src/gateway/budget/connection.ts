import * as defaults from "../../defaults/index.ts";
import type { BudgetRefusal, ByteKind } from "./limits.ts";
import { ByteBudget } from "./bytes.ts";
import { bothKinds, type BudgetOwner, FieldRate, type SourceBudget } from "./source.ts";
import { RequestBudget } from "./request.ts";
import type { RoomHolders } from "./holders.ts";
import type { Place } from "./places.ts";
import { Room } from "./room.ts";

/** Budget of one connection. */
export class ConnectionBudget {
  readonly #budget: BudgetOwner;
  readonly #source: SourceBudget;
  readonly #bytes: Readonly<Record<ByteKind, ByteBudget>>;
  /** Response bytes of this connection that the HTTP/3 library holds unsent. */
  readonly outbox: Room;
  readonly place: Place;
  readonly #fields: FieldRate;
  readonly #requests = new Set<RequestBudget>();
  readonly #onClose: () => void;
  #strayBytes = 0;
  #isClosed = false;

  constructor(budget: BudgetOwner, source: SourceBudget, place: Place, onClose: () => void) {
    const { maxConnectionBytes: limitBytes, maxConnectionOutboxBytes } = budget.limits;
    this.outbox = new Room({
      scope: "connection",
      limitBytes: maxConnectionOutboxBytes,
      parent: source.outbox,
    });
    this.#budget = budget;
    this.#source = source;
    this.place = place;
    this.#fields = new FieldRate(1, source.fields);
    this.#onClose = onClose;
    this.#bytes = bothKinds(
      (kind) => new ByteBudget({ scope: "connection", limitBytes, parent: source.bytes[kind] }),
    );
  }

  /** Open connections of its source, including this one. */
  get sourceConnections(): number {
    return this.#source.connections;
  }

  /** Limit on its unread bytes. */
  get maxBytes(): number {
    return this.#budget.limits.maxConnectionBytes;
  }

  /** The connections of all sources that hold room in the outbox. */
  get holders(): RoomHolders {
    return this.#budget.holders;
  }

  /** Resolves in a later turn of the event loop, when it is the turn of its source. */
  turn(): Promise<void> {
    return this.#budget.turns.wait(this.#source);
  }

  /** Counts the header fields of a request, by their cost. Returns `false` if their rate is over a limit: the connection has to go. */
  takeFields(costBytes: number, nowMs: number): boolean {
    return this.#fields.take(costBytes, nowMs);
  }

  /** Counts a refusal. */
  refuse(refusal: BudgetRefusal): void {
    this.#budget.refuse(refusal);
  }

  /**
   * Opens a request with `headerBytes` of header fields; `undefined` if there is no room. It holds these and
   * `defaults.requestOverheadBytes` of the unread bytes until the caller closes it.
   */
  open(headerBytes: number): RequestBudget | undefined {
    if (this.#isClosed) return undefined;
    const request = new RequestBudget(this.#budget, this.#source, this.#bytes, () => {
      this.#requests.delete(request);
      this.place.progress(this.#requests.size > 0 ? "busy" : "idle");
    });
    this.#requests.add(request);
    this.place.progress("busy");
    // The app need not be asked for a response that would find no room.
    const full = this.#bytes.unsent.fullWith(defaults.responsePieceBytes);
    if (full) this.#budget.refuse(`unsent-${full}`);
    else if (request.take("unread", headerBytes + defaults.requestOverheadBytes)) return request;
    request.close();
    return undefined;
  }

  /**
   * Holds `bytes` of the unread bytes for data that belongs to no request, in place of those before.
   *
   * @returns `false` if a limit is met. The connection's own caps the bytes; any other leaves them unchanged.
   */
  holdStray(bytes: number): boolean {
    if (this.#isClosed) return true;
    const more = Math.min(bytes, this.maxBytes) - this.#strayBytes;
    if (more <= 0) this.#bytes.unread.give(-more);
    const full = more > 0 ? this.#bytes.unread.take(more) : undefined;
    if (!full) this.#strayBytes += more;
    const refusal = bytes > this.maxBytes ? "connection" : full;
    if (refusal) this.#budget.refuse(`unread-${refusal}`);
    return refusal === undefined;
  }

  /** Closes the open requests and gives everything back. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.place.close();
    for (const request of this.#requests) request.close();
    this.#bytes.unread.clear();
    this.outbox.clear();
    this.#onClose();
  }
}
