import * as defaults from "../../defaults/index.ts";
import type { ConnectionBudget } from "../budget/connection.ts";
import type { QuicConnection } from "./quic-connection.ts";
import { StrayBytes } from "../budget/stray-bytes.ts";

/**
 * What a QUIC connection's client has sent and no request has got: pings, frames that nobody asked for, and what the library
 * keeps of a stream until the bytes before it have come, for which it takes many times their own memory. They count among
 * the connection's unread bytes.
 */
export class UnseenBytes {
  readonly #connection: QuicConnection;
  readonly #budget: Pick<ConnectionBudget, "holdStray">;
  readonly #stray: StrayBytes;
  /** Bytes of bodies that came since a time, and in as long a time before. */
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
    // The handshake.
    this.#stray.skip(connection.getMetrics()?.bytesIn ?? 0);
  }

  /** So many bytes of header fields came. */
  use(bytes: number): void {
    this.#stray.use(bytes);
  }

  /** So many bytes of a body came, whether or not anybody reads them. */
  useBody(bytes: number): void {
    this.#stray.use(bytes * defaults.bodyFraming);
    this.#bodyBytes += bytes;
  }

  /** @returns what of them counts now, and whether there is room for it. */
  look(nowMs: number): { readonly isAny: boolean; readonly hasRoom: boolean } {
    const metrics = this.#connection.getMetrics();
    if (!metrics) return { isAny: false, hasRoom: true };
    // Each piece may have gone out in a datagram of its own, however short, and is acknowledged as one.
    const sentBytes = metrics.bytesOut + this.#connection.sentPieces * defaults.sentPieceBytes;
    this.#stray.look(metrics.bytesIn, sentBytes, nowMs);
    const bytes = Math.max(0, this.#stray.bytes - defaults.freeStrayBytes);
    const late = Math.min(bytes, this.#recentBodyBytes(nowMs));
    const cost = Math.ceil(late * defaults.lateByteCost + (bytes - late) * defaults.strayByteCost);
    return { isAny: bytes > late, hasRoom: this.#budget.holdStray(cost) };
  }

  /**
   * On a bad line as much of an upload is out of order as came in some round trips before; and as much is still on its way when
   * a request has been answered before its end.
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
