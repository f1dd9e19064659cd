import * as defaults from "../../defaults/index.ts";
import type { ConnectionBudget } from "../budget/connection.ts";
import type { QuicConnection } from "./quic-connection.ts";
import { StrayBytes } from "../budget/stray-bytes.ts";

type StrayBudget = Pick<ConnectionBudget, "maxBytes" | "holdStray">;

/**
 * The bytes that a client has sent on a QUIC connection and no request has received: pings, unsolicited frames, and stream data
 * that the library keeps until earlier bytes arrive, at many times its size. They count among the connection's unread bytes.
 *
 * The library counts bytes as they arrive and reports them later, from its own thread. Each look therefore judges the bytes that
 * had arrived at the look before.
 */
export class UnseenBytes {
  readonly #connection: QuicConnection;
  readonly #budget: StrayBudget;
  readonly #stray: StrayBytes;
  /** Body bytes of the current period, and of the period before. */
  #bodyBytes = 0;
  #bodyBytesBefore = 0;
  #bodySinceMs: number;
  /** Bytes that had arrived at the last look. */
  #arrivedBytes: number;
  /** Weight of a byte. A lost packet holds up a window of bytes, for which there is room beside other requests. */
  readonly #byteCost: number;

  /** @param windowBytes flow control window of a new connection, in bytes. */
  constructor(connection: QuicConnection, budget: StrayBudget, windowBytes: number, nowMs: number) {
    this.#connection = connection;
    this.#budget = budget;
    this.#bodySinceMs = nowMs;
    this.#byteCost = Math.min(defaults.strayByteCost, budget.maxBytes / 2 / windowBytes);
    const limits = {
      maxBytes: defaults.maxStrayBytes,
      perSecond: defaults.strayBytesPerSecond,
      perSentByte: defaults.acknowledgedBytesPerSentByte,
    };
    this.#stray = new StrayBytes(limits, nowMs);
    // Skips the handshake.
    this.#arrivedBytes = connection.getMetrics()?.bytesIn ?? 0;
    this.#stray.skip(this.#arrivedBytes);
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
    this.#stray.look(this.#arrivedBytes, sentBytes, nowMs, metrics.bytesIn - this.#arrivedBytes);
    this.#arrivedBytes = metrics.bytesIn;
    const bytes = Math.max(0, this.#stray.bytes - defaults.freeStrayBytes);
    const late = Math.min(bytes, this.#recentBodyBytes(nowMs));
    const cost = Math.ceil(
      late * Math.min(this.#byteCost, defaults.lateByteCost) + (bytes - late) * this.#byteCost,
    );
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
