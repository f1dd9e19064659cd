import { maxOutboxBytes, outboxSettleBytes, outboxSettleMs } from "../defaults.ts";

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
  /** Whether the client's flow control holds them back. */
  readonly isBlocked: () => boolean;
  /** Told of bytes that went out. */
  readonly onSent: (bytes: number) => void;
}

/**
 * What the HTTP library has of one connection's responses. It takes whatever it is given, and says neither what it has
 * sent nor what arrived; so the connection is asked how much it sent, and believed once the peer acknowledges something.
 */
export class Outbox {
  readonly #connection: SentBytes;
  /** Each with the number of the question before which it was handed over. */
  readonly #pieces = new Map<Piece, number>();
  #waiting: (() => void)[] = [];
  #question = 0;
  #isAsking = false;
  #sentBytes = 0;
  /** What was sent and belongs to no piece yet. */
  #creditBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(connection: SentBytes) {
    this.#connection = connection;
  }

  /** Counts a piece that was handed over. */
  add(piece: Piece): void {
    this.#pieces.set(piece, this.#question);
    if (this.#movingBytes() >= outboxSettleBytes) this.settle();
  }

  /** Forgets a piece whose stream is gone. */
  remove(piece: Piece): void {
    this.#pieces.delete(piece);
  }

  /** Resolves when more may be handed over; at once after the connection's end. */
  async room(): Promise<void> {
    while (!this.#isClosed && this.#movingBytes() >= maxOutboxBytes) {
      this.settle();
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
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
    this.#wake();
  }

  #release(): void {
    const sentBytes = this.#connection.getMetrics()?.bytesOut ?? this.#sentBytes;
    this.#creditBytes += sentBytes - this.#sentBytes;
    this.#sentBytes = sentBytes;
    for (const [piece, question] of this.#pieces) {
      if (this.#creditBytes <= 0) break;
      if (question < this.#question && !piece.isBlocked()) this.#creditBytes -= this.#sent(piece);
    }
    // Pieces that could not be believed yet may have gone out as well; more than those was no response.
    this.#creditBytes = Math.min(
      this.#creditBytes,
      this.#bytes(() => true),
    );
    this.#wake();
    if (this.#movingBytes() >= outboxSettleBytes) this.#settleSoon();
  }

  #sent(piece: Piece): number {
    const sent = Math.min(piece.bytes, this.#creditBytes);
    piece.bytes -= sent;
    if (piece.bytes === 0) this.#pieces.delete(piece);
    piece.onSent(sent);
    return sent;
  }

  #settleSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.settle();
    }, outboxSettleMs).unref();
  }

  /** What flow control holds back is its own stream's affair and keeps no other one waiting. */
  #movingBytes(): number {
    return this.#bytes((piece) => !piece.isBlocked());
  }

  #bytes(counts: (piece: Piece) => boolean): number {
    let bytes = 0;
    for (const piece of this.#pieces.keys()) if (counts(piece)) bytes += piece.bytes;
    return bytes;
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
