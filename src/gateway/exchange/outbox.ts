import {
  gatewaySweepMs,
  minResponseBytes,
  outboxQuestionBytes,
  outboxSettleBytes,
  outboxSettleMs,
} from "../../defaults/index.ts";
import type { BudgetScope, ByteBudget } from "../budget/bytes.ts";
import { Pace } from "./pace.ts";

/** The part of a QUIC connection that an {@link Outbox} uses. */
export interface SentBytes {
  /** Calls back when the peer has acknowledged something that was sent after this call. */
  ping(onAcknowledged: (error: Error | null) => void): unknown;
  /** Bytes sent so far. */
  getMetrics(): { readonly bytesOut: number } | null;
}

/** Response bytes that were handed to the HTTP library. */
export interface Piece {
  /** Bytes still to be sent. */
  bytes: number;
  /** Called with the number of bytes sent. */
  readonly onSent: (bytes: number) => void;
}

interface Handed {
  /** Bytes that it counts for until all of it is sent. */
  readonly costBytes: number;
  /** Pings before it. Only a later one covers it. */
  readonly question: number;
}

/** Surroundings of an {@link Outbox}. */
export interface OutboxOptions {
  /** Called once per wait for room, with the scope that is full. */
  readonly onFull: (full: BudgetScope) => void;
  /** Called while all sources together leave no room, whenever that is found: connections that stand still may have to go. */
  readonly onCrowded?: () => void;
  readonly now: () => number;
}

/**
 * The response bytes of one connection that the HTTP library holds. The library takes everything, and reports neither what it
 * sent nor what arrived. The connection is therefore asked how much it sent, and believed once the peer acknowledges something.
 */
export class Outbox {
  readonly #connection: SentBytes;
  readonly #budget: ByteBudget;
  readonly #options: OutboxOptions;
  readonly #pieces = new Map<Piece, Handed>();
  /** Callbacks by asker, told whether to check again. */
  readonly #waiting = new Map<object, (isWanted: boolean) => void>();
  readonly #stopped = new WeakSet<object>();
  /** Patience with the client, which runs while there are pieces. All streams share the client's line, so they share it. */
  readonly #pace = new Pace();
  /** When bytes of a piece were sent last, or the first piece came. */
  #movedAtMs = 0;
  #question = 0;
  #isAsking = false;
  #sentBytes = 0;
  /** Sent bytes that belong to no piece yet. */
  #creditBytes = 0;
  #pauseMs = outboxSettleMs;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(connection: SentBytes, budget: ByteBudget, options: OutboxOptions) {
    this.#connection = connection;
    this.#budget = budget;
    this.#options = options;
  }

  /** Whether the client takes too little of what waits for it. */
  isTooSlow(nowMs: number): boolean {
    return this.#pace.leftMs(nowMs) <= 0;
  }

  /** How long no bytes of a piece have been sent, in ms; 0 if there is none. */
  idleMs(nowMs: number): number {
    return this.#pieces.size === 0 ? 0 : nowMs - this.#movedAtMs;
  }

  /**
   * Resolves when there is room for a piece, which then counts; the caller hands it over in the same turn. Resolves at once
   * after the connection's end, and when the piece is removed.
   */
  async add(piece: Piece): Promise<void> {
    const costBytes = Math.max(piece.bytes, minResponseBytes);
    if (!(await this.#waitWhile(() => this.#budget.take(costBytes), piece))) return;
    if (this.#pieces.size === 0) this.#begin();
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

  /** Ends the wait of `asker`. */
  stopWaiting(asker: object): void {
    this.#stopped.add(asker);
    this.#waiting.get(asker)?.(false);
    this.#waiting.delete(asker);
  }

  /** Forgets a piece, and gives back its bytes. */
  remove(piece: Piece): void {
    this.stopWaiting(piece);
    this.#budget.give(this.#pieces.get(piece)?.costBytes ?? 0);
    this.#pieces.delete(piece);
    this.#restIfEmpty();
  }

  /** Checks again for room, which others may have made, and asks what has been sent. */
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

  /** Forgets the pieces and ends the waits. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#pieces.clear();
    this.#pace.rest();
    for (const asker of this.#waiting.keys()) this.stopWaiting(asker);
  }

  /** Resolves with `true` when no scope is full, with `false` once the asker stops waiting or the connection ends. */
  async #waitWhile(fullScope: () => BudgetScope | undefined, asker: object): Promise<boolean> {
    if (this.#isClosed) return false;
    for (let full = fullScope(), isFirst = true; full; full = fullScope(), isFirst = false) {
      if (isFirst) this.#options.onFull(full);
      if (full === "all") this.#options.onCrowded?.();
      this.settle();
      const isWanted = await new Promise<boolean>((resolve) => this.#waiting.set(asker, resolve));
      // Stopped in the turn in which it was woken: nobody would stop it again.
      if (!isWanted || this.#stopped.has(asker)) return false;
    }
    return true;
  }

  /** The first piece after a while. What was sent before, such as a handshake, belongs to no piece. */
  #begin(): void {
    this.#sentBytes = this.#connection.getMetrics()?.bytesOut ?? this.#sentBytes;
    this.#creditBytes = 0;
    this.#pauseMs = outboxSettleMs;
    this.#movedAtMs = this.#options.now();
    this.#pace.start(this.#movedAtMs);
  }

  #restIfEmpty(): void {
    if (this.#pieces.size === 0) this.#pace.rest();
  }

  #fullWithResponse(): BudgetScope | undefined {
    const full = this.#isClosed ? undefined : this.#budget.fullWith(minResponseBytes);
    // What other sources hold keeps nobody from asking; the answer may have to wait.
    return full === "all" ? undefined : full;
  }

  #release(): void {
    const sentBytes = this.#connection.getMetrics()?.bytesOut ?? this.#sentBytes;
    const moved = sentBytes - this.#sentBytes;
    this.#creditBytes += moved;
    this.#sentBytes = sentBytes;
    // The question itself is sent too. A client that takes nothing is asked less and less often.
    if (moved <= outboxQuestionBytes) this.#pauseMs = Math.min(2 * this.#pauseMs, gatewaySweepMs);
    else {
      this.#pauseMs = outboxSettleMs;
      this.#movedAtMs = this.#options.now();
    }
    // Newest first: pieces that flow control holds back are older than those that still move.
    for (const [piece, { question }] of [...this.#pieces].toReversed()) {
      if (this.#creditBytes <= 0) break;
      if (question < this.#question) this.#sent(piece);
    }
    // Pieces that the ping does not cover may have gone out as well. Credit beyond all unsent pieces was no response.
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
    this.#pace.move(sent, this.#options.now());
    if (piece.bytes === 0) this.remove(piece);
    piece.onSent(sent);
  }

  #settleSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.settle();
    }, this.#pauseMs).unref();
  }

  #wake(): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const resolve of waiting) resolve(true);
  }
}
