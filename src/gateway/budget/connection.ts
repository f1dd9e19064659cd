import * as defaults from "../../defaults/index.ts";
import type { BudgetRefusal, ByteKind } from "./limits.ts";
import { ByteBudget, type BudgetScope } from "./bytes.ts";
import { RequestBudget } from "./request.ts";
import { bothKinds, type BudgetOwner, type SourceBudget } from "./source.ts";

/** One connection's part. */
export class ConnectionBudget {
  readonly #budget: BudgetOwner;
  readonly #source: SourceBudget;
  readonly #bytes: Readonly<Record<ByteKind, ByteBudget>>;
  /** What the HTTP/3 library has of this connection's responses and has not sent. */
  readonly outbox: ByteBudget;
  readonly #requests = new Set<RequestBudget>();
  readonly #onClose: () => void;
  #strayBytes = 0;
  #isClosed = false;

  constructor(budget: BudgetOwner, source: SourceBudget, onClose: () => void) {
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
    this.refuse(`outbox-${full}`);
  }

  /** Counts what met a limit. */
  refuse(refusal: BudgetRefusal): void {
    this.#budget.refuse(refusal);
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
