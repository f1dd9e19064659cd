import {
  gatewaySweepMs,
  minResponseBytes,
  outboxQuestionBytes,
  outboxSettleBytes,
  outboxSettleMs,
} from "../../defaults/index.ts";
import type { ConnectionBudget } from "../budget/connection.ts";
import type { RoomHolder, RoomHolders } from "../budget/holders.ts";
import type { Room } from "../budget/room.ts";
import { Pace } from "./patience.ts";
import { RoomWaits } from "./room-waits.ts";

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
  readonly atMs: number;
}

/** Budget of an {@link Outbox}. */
export type OutboxBudget = Pick<ConnectionBudget, "outbox" | "holders" | "refuse">;

/** Surroundings of an {@link Outbox}. */
export interface OutboxOptions {
  /** Called when the connection has to go, because its client takes next to nothing while others have no room. */
  readonly onCrowded: () => void;
  readonly now: () => number;
}

/**
 * The response bytes of one connection that the HTTP library holds. The library takes everything, and reports neither what it
 * sent nor what arrived. The connection is therefore asked how much it sent, and believed once the peer acknowledges something.
 */
export class Outbox implements RoomHolder {
  readonly #connection: SentBytes;
  readonly #room: Room;
  readonly #holders: RoomHolders;
  readonly #waits: RoomWaits;
  readonly #options: OutboxOptions;
  /** In order of their arrival. */
  readonly #pieces = new Map<Piece, Handed>();
  /** Patience with the client, which runs while there are pieces. All streams share the client's line, so they share it. */
  readonly #pace = new Pace();
  /** When the client had last taken `minResponseBytes` more, and what it has taken since. */
  #movedAtMs = -Infinity;
  #movedBytes = 0;
  #question = 0;
  #isAsking = false;
  #askedAtMs = -Infinity;
  #sentBytes = 0;
  /** Sent bytes that belong to no piece yet. */
  #creditBytes = 0;
  #pauseMs = outboxSettleMs;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(connection: SentBytes, budget: OutboxBudget, options: OutboxOptions) {
    this.#connection = connection;
    this.#room = budget.outbox;
    this.#holders = budget.holders;
    this.#options = options;
    this.#waits = new RoomWaits(budget.outbox, {
      onFull: (full) => budget.refuse(`outbox-${full}`),
      onCrowded: () => budget.holders.makeRoom(options.now()),
    });
  }

  /** Whether the client takes too little of what waits for it. */
  isTooSlow(nowMs: number): boolean {
    return this.#pace.leftMs(nowMs) <= 0;
  }

  /**
   * How long the client has not taken `minResponseBytes`, in ms, so that one that takes a byte now and then stands still as well.
   * No longer than the oldest piece has waited; 0 if there is none.
   */
  idleMs(nowMs: number): number {
    for (const { atMs } of this.#pieces.values()) return nowMs - Math.max(atMs, this.#movedAtMs);
    return 0;
  }

  giveUp(): void {
    this.#options.onCrowded();
  }

  /**
   * Resolves when there is room for a piece, which then counts; the caller hands it over in the same turn. Resolves at once
   * after the connection's end, and when the piece is removed.
   */
  async add(piece: Piece): Promise<void> {
    if (this.#isClosed) return;
    const costBytes = Math.max(piece.bytes, minResponseBytes);
    const taking = this.#waits.take(costBytes, piece, () => this.#hold(piece, costBytes));
    if (!this.#waits.isEmpty) this.settle();
    await taking;
  }

  /** Whether there is no room for a response, however short. */
  get isFull(): boolean {
    return !this.#isClosed && this.#waits.isFull;
  }

  /** Resolves when there is room for a short response; at once after the connection's end, and when `asker` stops waiting. */
  async room(asker: object): Promise<void> {
    if (!this.isFull) return;
    this.settle();
    await this.#waits.room(asker);
  }

  /** Ends the wait of `asker`. */
  stopWaiting(asker: object): void {
    this.#waits.stop(asker);
  }

  /** Forgets a piece, and gives back its bytes. */
  remove(piece: Piece): void {
    this.stopWaiting(piece);
    this.#drop(piece);
    this.#waits.serve();
  }

  /** Checks again for room, which others may have made, and asks what has been sent. */
  sweep(): void {
    this.#waits.serve();
    this.settle();
  }

  /** Finds out what has been sent, once after `outboxSettleMs` however often it is called: the library's thread may be busy. */
  settle(): void {
    if (this.#isAsking || this.#timer || this.#isClosed || this.#pieces.size === 0) return;
    const nowMs = this.#options.now();
    const leftMs = this.#askedAtMs + outboxSettleMs - nowMs;
    if (leftMs > 0) return this.#settleIn(leftMs);
    this.#askedAtMs = nowMs;
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
    this.#rest();
    this.#waits.stopAll();
  }

  #hold(piece: Piece, costBytes: number): void {
    if (this.#pieces.size === 0) this.#begin();
    this.#pieces.set(piece, { costBytes, question: this.#question, atMs: this.#options.now() });
    if (this.#room.heldBytes >= outboxSettleBytes) this.settle();
  }

  #drop(piece: Piece): void {
    this.#room.give(this.#pieces.get(piece)?.costBytes ?? 0);
    this.#pieces.delete(piece);
    if (this.#pieces.size === 0) this.#rest();
  }

  /** The first piece after a while. What was sent before, such as a handshake, belongs to no piece. */
  #begin(): void {
    this.#sentBytes = this.#connection.getMetrics()?.bytesOut ?? this.#sentBytes;
    this.#creditBytes = 0;
    this.#pauseMs = outboxSettleMs;
    this.#movedBytes = 0;
    this.#pace.start(this.#options.now());
    this.#holders.add(this);
  }

  #rest(): void {
    this.#pace.rest();
    this.#holders.delete(this);
  }

  #release(): void {
    const sentBytes = this.#connection.getMetrics()?.bytesOut ?? this.#sentBytes;
    const moved = sentBytes - this.#sentBytes;
    this.#creditBytes += moved;
    this.#sentBytes = sentBytes;
    // The question itself is sent too. A client that takes nothing is asked less and less often.
    if (moved <= outboxQuestionBytes) this.#pauseMs = Math.min(2 * this.#pauseMs, gatewaySweepMs);
    else this.#pauseMs = outboxSettleMs;
    // Newest first: pieces that flow control holds back are older than those that still move.
    for (const [piece, { question }] of [...this.#pieces].toReversed()) {
      if (this.#creditBytes <= 0) break;
      if (question < this.#question) this.#sent(piece);
    }
    // Pieces that the ping does not cover may have gone out as well. Credit beyond all unsent pieces was no response.
    let unsentBytes = 0;
    for (const { bytes } of this.#pieces.keys()) unsentBytes += bytes;
    this.#creditBytes = Math.min(this.#creditBytes, unsentBytes);
    this.#waits.serve();
    if (this.#room.heldBytes >= outboxSettleBytes || !this.#waits.isEmpty) this.#settleIn(this.#pauseMs);
  }

  #sent(piece: Piece): void {
    const sent = Math.min(piece.bytes, this.#creditBytes);
    this.#creditBytes -= sent;
    piece.bytes -= sent;
    this.#move(sent, this.#options.now());
    if (piece.bytes === 0) this.#drop(piece);
    piece.onSent(sent);
  }

  #move(bytes: number, nowMs: number): void {
    this.#pace.move(bytes, nowMs);
    this.#movedBytes += bytes;
    if (this.#movedBytes < minResponseBytes) return;
    this.#movedBytes = 0;
    this.#movedAtMs = nowMs;
  }

  #settleIn(pauseMs: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.settle();
    }, pauseMs).unref();
  }
}
