import { minResponseBytes, outboxSettleBytes, outboxSettleMs } from "../../defaults/index.ts";
import type { BudgetScope, ByteBudget } from "../budget/bytes.ts";

/** What an {@link Outbox} asks a QUIC connection. */
export interface SentBytes {
  /** Calls back when the peer has acknowledged something that was sent after this call. */
  ping(onAcknowledged: (error: Error | null) => void): unknown;
  /** Bytes sent so far. */
  getMetrics(): { readonly bytesOut: number } | null;
}

/** Response bytes that were handed to the HTTP library. */
export interface Piece {
  /** What is left to be sent. */
  bytes: number;
  /** Told of bytes that went out. */
  readonly onSent: (bytes: number) => void;
}

interface Handed {
  /** What it counts for until all of it is sent. */
  readonly costBytes: number;
  /** The question before which it was handed over. */
  readonly question: number;
}

/**
 * What the HTTP library has of one connection's responses. It takes whatever it is given, and says neither what it has
 * sent nor what arrived; so the connection is asked how much it sent, and believed once the peer acknowledges something.
 */
export class Outbox {
  readonly #connection: SentBytes;
  readonly #budget: ByteBudget;
  readonly #onFull: (full: BudgetScope) => void;
  readonly #pieces = new Map<Piece, Handed>();
  /** Each is told whether to look again. */
  readonly #waiting = new Map<object, (isWanted: boolean) => void>();
  #question = 0;
  #isAsking = false;
  #sentBytes = 0;
  /** What was sent and belongs to no piece yet. */
  #creditBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** @param onFull told once of each piece that there is no room for at first. */
  constructor(connection: SentBytes, budget: ByteBudget, onFull: (full: BudgetScope) => void) {
    this.#connection = connection;
    this.#budget = budget;
    this.#onFull = onFull;
  }

  /**
   * Resolves when there is room for a piece, which then counts: it is to be handed over in the same turn. At once after
   * the connection's end, and when the piece is removed.
   */
  async add(piece: Piece): Promise<void> {
    const costBytes = Math.max(piece.bytes, minResponseBytes);
    if (!(await this.#waitWhile(() => this.#budget.take(costBytes), piece))) return;
    this.#pieces.set(piece, { costBytes, question: this.#question });
    if (this.#budget.heldBytes >= outboxSettleBytes) this.settle();
  }

  /** Whether there is no room for a response, however short. */
  get isFull(): boolean {
    return this.#fullWithResponse() !== undefined;
  }

  /** Resolves when there is room for a short response; at once after the connection's end, and when `asker` stops waiting. */
  async room(asker: object): Promise<void> {
    await this.#waitWhile(() => this.#fullWithResponse(), asker);
  }

  /** Waits no longer. */
  stopWaiting(asker: object): void {
    this.#waiting.get(asker)?.(false);
    this.#waiting.delete(asker);
  }

  /** Forgets a piece whose stream is gone. */
  remove(piece: Piece): void {
    this.stopWaiting(piece);
    this.#budget.give(this.#pieces.get(piece)?.costBytes ?? 0);
    this.#pieces.delete(piece);
  }

  /** Looks again whether there is room, which others may have made, and asks what has been sent. */
  sweep(): void {
    this.#wake();
    this.settle();
  }

  /** Finds out what has been sent. */
  settle(): void {
    if (this.#isAsking || this.#timer || this.#isClosed || this.#pieces.size === 0) return;
    this.#isAsking = true;
    this.#question++;
    this.#connection.ping((error) => {
      this.#isAsking = false;
      if (!error) this.#release();
    });
  }

  /** The connection has ended. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#pieces.clear();
    for (const asker of this.#waiting.keys()) this.stopWaiting(asker);
  }

  /** Resolves when no scope is full any more, with `false` where nobody waits for that any longer. */
  async #waitWhile(fullScope: () => BudgetScope | undefined, asker: object): Promise<boolean> {
    if (this.#isClosed) return false;
    for (let full = fullScope(), isFirst = true; full; full = fullScope(), isFirst = false) {
      if (isFirst) this.#onFull(full);
      this.settle();
      if (!(await new Promise<boolean>((resolve) => this.#waiting.set(asker, resolve)))) return false;
    }
    return true;
  }

  #fullWithResponse(): BudgetScope | undefined {
    return this.#isClosed ? undefined : this.#budget.fullWith(minResponseBytes);
  }

  #release(): void {
    const sentBytes = this.#connection.getMetrics()?.bytesOut ?? this.#sentBytes;
    this.#creditBytes += sentBytes - this.#sentBytes;
    this.#sentBytes = sentBytes;
    // The latest first: what flow control holds back is older than what goes on beside it.
    for (const [piece, { question }] of [...this.#pieces].toReversed()) {
      if (this.#creditBytes <= 0) break;
      if (question < this.#question) this.#sent(piece);
    }
    // Pieces that could not be believed yet may have gone out as well; more than those was no response.
    let unsentBytes = 0;
    for (const { bytes } of this.#pieces.keys()) unsentBytes += bytes;
    this.#creditBytes = Math.min(this.#creditBytes, unsentBytes);
    this.#wake();
    if (this.#budget.heldBytes >= outboxSettleBytes) this.#settleSoon();
  }

  #sent(piece: Piece): void {
    const sent = Math.min(piece.bytes, this.#creditBytes);
    this.#creditBytes -= sent;
    piece.bytes -= sent;
    if (piece.bytes === 0) this.remove(piece);
    piece.onSent(sent);
  }

  #settleSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.settle();
    }, outboxSettleMs).unref();
  }

  #wake(): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const resolve of waiting) resolve(true);
  }
}
