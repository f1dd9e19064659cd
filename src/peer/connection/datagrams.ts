import { QuicpipeError } from "../../errors.ts";
import type { EngineConnection } from "../engine/contract.ts";
import { bytesOf } from "./bytes.ts";

/**
 * Datagrams of one connection (RFC 9221), unreliable and unordered. The shape of W3C's `WebTransportDatagramDuplexStream`.
 */
export interface Datagrams {
  /** Incoming datagrams. Of more than 1000 unread ones, the oldest are dropped. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Outgoing datagrams. One longer than `maxDatagramSize` ends the stream with ERR_QUICPIPE_DATAGRAM_TOO_LARGE. */
  readonly writable: WritableStream<Uint8Array>;
  /** Longest datagram that can be sent now, in bytes; 0 before `ready` or if the other peer takes none. */
  readonly maxDatagramSize: number;
}

/** Both directions of {@link Datagrams} over the engine. */
export class DatagramQueues implements Datagrams {
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly writable: WritableStream<Uint8Array>;
  readonly #engine: EngineConnection;
  readonly #wake: () => void;
  #incoming: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;
  #outgoing: WritableStreamDefaultController | undefined;
  #unblock: (() => void) | undefined;
  #wanted = false;
  #isOver = false;

  constructor(engine: EngineConnection, wake: () => void) {
    this.#engine = engine;
    this.#wake = wake;
    this.readable = new ReadableStream(
      {
        start: (it) => void (this.#incoming = it),
        pull: () => this.#pull(),
        cancel: () => void (this.#incoming = undefined),
      },
      // Datagrams wait in the engine, which can drop the oldest. So `pull` means that the application reads.
      { highWaterMark: 0 },
    );
    this.writable = new WritableStream({
      start: (it) => void (this.#outgoing = it),
      write: (datagram) => this.#send(datagram),
    });
  }

  get maxDatagramSize(): number {
    return this.#engine.maxDatagramBytes();
  }

  /** Datagrams that were received and dropped unread. */
  get dropped(): number {
    return this.#engine.datagramsDropped();
  }

  /** Moves datagrams both ways. Called after packets came in. */
  progress(): void {
    this.#deliver();
    this.#unblock?.();
  }

  /** Ends both directions, the incoming one with an error unless the end was `clean`. */
  end(error: QuicpipeError, clean: boolean): void {
    if (clean) this.#incoming?.close();
    else this.#incoming?.error(error);
    this.#outgoing?.error(error);
    this.#incoming = undefined;
    this.#isOver = true;
    this.#unblock?.();
  }

  #pull(): void {
    this.#wanted = true;
    this.#deliver();
  }

  #deliver(): void {
    const datagram = this.#wanted && this.#incoming && this.#engine.datagramReceive();
    if (!datagram) return;
    this.#wanted = false;
    // Calls `pull` again if more reads are pending.
    this.#incoming!.enqueue(datagram);
  }

  async #send(chunk: unknown): Promise<void> {
    const datagram = bytesOf(chunk, "datagrams take");
    const maxBytes = this.maxDatagramSize;
    if (datagram.byteLength > maxBytes) throw tooLarge(datagram.byteLength, maxBytes);
    while (!this.#isOver && !this.#engine.datagramSend(datagram)) {
      this.#wake();
      await new Promise<void>((resolve) => (this.#unblock = resolve));
    }
    this.#wake();
  }
}

function tooLarge(bytes: number, maxBytes: number): QuicpipeError {
  return new QuicpipeError(
    "ERR_QUICPIPE_DATAGRAM_TOO_LARGE",
    `a datagram of ${bytes} bytes does not fit; the longest now is maxDatagramSize, ${maxBytes}`,
    { details: { bytes, maxBytes } },
  );
}
