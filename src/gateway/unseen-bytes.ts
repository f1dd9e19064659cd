import * as defaults from "../defaults.ts";
import type { ConnectionBudget } from "./budget.ts";
import type { QuicConnection } from "./quic-connection.ts";
import { StrayBytes } from "./stray-bytes.ts";

/**
 * What a QUIC connection's client has sent and no request has got: pings, frames that nobody asked for, and what the library
 * keeps of a stream until the bytes before it have come, for which it takes many times their own memory. They count among
 * the connection's unread bytes.
 */
export class UnseenBytes {
  readonly #connection: QuicConnection;
  readonly #budget: Pick<ConnectionBudget, "holdStray">;
  readonly #stray: StrayBytes;
  /** Bytes of bodies that came since the last look, and between it and the one before. */
  #bodyBytes = 0;
  #bodyBytesBefore = 0;

  constructor(connection: QuicConnection, budget: Pick<ConnectionBudget, "holdStray">, nowMs: number) {
    this.#connection = connection;
    this.#budget = budget;
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

  /** So many bytes of a body came that the app is to read. */
  useBody(bytes: number): void {
    this.#stray.use(bytes * defaults.bodyFraming);
    this.#bodyBytes += bytes;
  }

  /** @returns whether there is room for them. */
  look(nowMs: number): boolean {
    const metrics = this.#connection.getMetrics();
    if (!metrics) return true;
    this.#stray.look(metrics.bytesIn, metrics.bytesOut, nowMs);
    const bytes = this.#stray.bytes - defaults.freeStrayBytes - this.#excusedBytes();
    this.#bodyBytesBefore = this.#bodyBytes;
    this.#bodyBytes = 0;
    return this.#budget.holdStray(Math.max(0, bytes) * defaults.strayByteCost);
  }

  /** On a bad line as much of an upload is out of order as came in some round trips before. */
  #excusedBytes(): number {
    return Math.min(defaults.maxDisorderedBytes, this.#bodyBytesBefore + this.#bodyBytes);
  }
}
