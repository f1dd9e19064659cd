import * as defaults from "../../defaults/index.ts";
import type { ConnectionBudget } from "../budget/connection.ts";
import type { QuicConnection } from "./quic-connection.ts";
import { StrayBytes } from "../budget/stray-bytes.ts";

/**
 * The bytes that a client has sent on a QUIC connection and no request has received: pings, unsolicited frames, and stream data
 * that the library keeps until earlier bytes arrive, at many times its size. They count among the connection's unread bytes.
 */
export class UnseenBytes {
  readonly #connection: QuicConnection;
  readonly #budget: Pick<ConnectionBudget, "holdStray">;
  readonly #stray: StrayBytes;
  /** Body bytes of the current period, and of the period before. */
  #bodyBytes = 0;
  #bodyBytesBefore = 0;
  #bodySinceMs: number;

  constructor(connection: QuicConnection, budget: Pick<ConnectionBudget, "holdStray">, nowMs: number) {
    this.#connection = connection;
    this.#budget = budget;
    this.#bodySinceMs = nowMs;
    const limits = {
      maxBytes: defaults.maxStrayBytes,
      perSecond: defaults.strayBytesPerSecond,
      perSentByte: defaults.acknowledgedBytesPerSentByte,
    };
    this.#stray = new StrayBytes(limits, nowMs);
    // Skips the handshake.
    this.#stray.skip(connection.getMetrics()?.bytesIn ?? 0);
  }

  /** Counts bytes of header fields. */
  use(bytes: number): void {
    this.#stray.use(bytes);
  }

  /** Counts bytes of a body, whether or not they are read. */
  useBody(bytes: number): void {
    this.#stray.use(bytes * defaults.bodyFraming);
    this.#bodyBytes += bytes;
  }

  /** @returns whether there are any beyond late body bytes, and whether there is room. */
  look(nowMs: number): { readonly isAny: boolean; readonly hasRoom: boolean } {
    const metrics = this.#connection.getMetrics();
    if (!metrics) return { isAny: false, hasRoom: true };
    // Each piece may have left in a datagram of its own, however short, and is acknowledged as one.
    const sentBytes = metrics.bytesOut + this.#connection.sentPieces * defaults.sentPieceBytes;
    this.#stray.look(metrics.bytesIn, sentBytes, nowMs);
    const bytes = Math.max(0, this.#stray.bytes - defaults.freeStrayBytes);
    const late = Math.min(bytes, this.#recentBodyBytes(nowMs));
    const cost = Math.ceil(late * defaults.lateByteCost + (bytes - late) * defaults.strayByteCost);
    return { isAny: bytes > late, hasRoom: this.#budget.holdStray(cost) };
  }

  /**
   * On a bad path as much of an upload is out of order as arrived in some round trips, and as much is still in flight when a
   * request has been answered before its end.
   */
  #recentBodyBytes(nowMs: number): number {
    if (nowMs - this.#bodySinceMs >= defaults.lateBytesMs) {
      this.#bodyBytesBefore = this.#bodyBytes;
      this.#bodyBytes = 0;
      this.#bodySinceMs = nowMs;
    }
    return this.#bodyBytesBefore + this.#bodyBytes;
  }
}
