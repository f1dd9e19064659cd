import * as defaults from "../../defaults/index.ts";
import { QuicpipeError } from "../../errors.ts";
import type { EngineConnection } from "../engine/contract.ts";

/**
 * Unreliable messages of one connection (RFC 9221). The shape of W3C's `WebTransportDatagramDuplexStream`.
 */
export interface Datagrams {
  /** What comes in. If nobody reads, the oldest of 1000 are dropped. */
  readonly readable: ReadableStream<Uint8Array>;
  /** What goes out. A longer one than `maxDatagramSize` ends it with ERR_QUICPIPE_DATAGRAM_TOO_LARGE. */
  readonly writable: WritableStream<Uint8Array>;
  /** Longest datagram that can be sent now, in bytes; 0 before `ready` or if the other peer takes none. */
  readonly maxDatagramSize: number;
}

/** Both directions of {@link Datagrams} over the engine. */
export class DatagramQueues implements Datagrams {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly #engine: EngineConnection;
  readonly #wake: () => void;
  readonly #received: Uint8Array[] = [];
  #incoming: ReadableStreamDefaultController<Uint8Array> | undefined;
  #outgoing: WritableStreamDefaultController | undefined;
  #unblock: (() => void) | undefined;
  #wanted = false;
  #dropped = 0;

  constructor(engine: EngineConnection, wake: () => void) {
    this.#engine = engine;
    this.#wake = wake;
    this.readable = new ReadableStream(
      { start: (it) => void (this.#incoming = it), pull: () => this.#pull() },
      // They wait in a queue of our own, where the oldest can be dropped; so `pull` means that somebody reads.
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

  /** Datagrams that came and were dropped, as nobody read them. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Moves datagrams both ways; called after packets came in. */
  progress(): void {
    for (let datagram; (datagram = this.#engine.datagramReceive());) {
      this.#received.push(datagram);
      if (this.#received.length > defaults.datagramQueue) {
        this.#received.shift();
        this.#dropped++;
      }
    }
    this.#deliver();
    this.#unblock?.();
  }

  /** Ends both directions; what is received with an error unless the end was `clean`. */
  end(error: QuicpipeError, clean: boolean): void {
    if (clean) this.#incoming?.close();
    else this.#incoming?.error(error);
    this.#outgoing?.error(error);
    this.#incoming = undefined;
    this.#unblock?.();
  }

  #pull(): void {
    this.#wanted = true;
    this.#deliver();
  }

  #deliver(): void {
    if (!this.#wanted || this.#received.length === 0) return;
    this.#wanted = false;
    // Calls `pull` again if more reads wait.
    this.#incoming?.enqueue(this.#received.shift()!);
  }

  async #send(datagram: Uint8Array): Promise<void> {
    const maxBytes = this.maxDatagramSize;
    if (datagram.byteLength > maxBytes) throw tooLarge(datagram.byteLength, maxBytes);
    while (this.#incoming && !this.#engine.datagramSend(datagram)) {
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
