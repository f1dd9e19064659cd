import { QuicpipeError } from "../../errors.ts";
import type { EngineConnection } from "../engine/contract.ts";
import { bytesOf } from "./bytes.ts";
import { LateReadable } from "./late-readable.ts";

/**
 * Datagrams of one connection (RFC 9221), unreliable and unordered. The shape of W3C's `WebTransportDatagramDuplexStream`.
 */
export interface Datagrams {
  /** Incoming datagrams. Of more than 2048 unread ones, the oldest are dropped. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Outgoing datagrams. One longer than `maxDatagramSize` ends the stream with ERR_QUICPIPE_DATAGRAM_TOO_LARGE. */
  readonly writable: WritableStream<Uint8Array>;
  /** Longest datagram that can be sent now, in bytes; 0 before `ready` or if the other peer takes none. */
  readonly maxDatagramSize: number;
}

/** Both directions of {@link Datagrams} over the engine. */
export class DatagramQueues implements Datagrams {
  readonly #engine: EngineConnection;
  readonly #wake: () => void;
  readonly #incoming: LateReadable<Uint8Array<ArrayBuffer>>;
  #writable: WritableStream<Uint8Array> | undefined;
  #outgoing: WritableStreamDefaultController | undefined;
  #unblock: (() => void) | undefined;
  /** Taken from the engine and not delivered yet, the next one last. */
  #taken: Uint8Array<ArrayBuffer>[] = [];
  #wanted = false;
  #ended: QuicpipeError | undefined;

  constructor(engine: EngineConnection, wake: () => void) {
    this.#engine = engine;
    this.#wake = wake;
    // Datagrams wait in the engine, which can drop the oldest. So `pull` means that the application reads.
    this.#incoming = new LateReadable(() => this.#pull(), { highWaterMark: 0 });
  }

  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#incoming.readable;
  }

  get writable(): WritableStream<Uint8Array> {
    this.#writable ??= this.#createWritable();
    return this.#writable;
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
    this.#ended ??= error;
    this.#incoming.end(clean ? undefined : error);
    this.#outgoing?.error(error);
    this.#unblock?.();
  }

  #createWritable(): WritableStream<Uint8Array> {
    return new WritableStream({
      start: (it) => {
        this.#outgoing = it;
        if (this.#ended) it.error(this.#ended);
      },
      write: (datagram) => this.#send(datagram),
    });
  }

  #pull(): void {
    this.#wanted = true;
    this.#deliver();
  }

  #deliver(): void {
    const { controller } = this.#incoming;
    if (!this.#wanted || !controller) return;
    if (this.#taken.length === 0) this.#taken = this.#engine.datagramsReceive().toReversed();
    const datagram = this.#taken.pop();
    if (!datagram) return;
    this.#wanted = false;
    // Calls `pull` again if more reads are pending.
    controller.enqueue(datagram);
  }

  #send(chunk: unknown): Promise<void> | undefined {
    const datagram = bytesOf(chunk, "datagrams take");
    // A promise for each datagram would cost as much as the rest.
    return this.#attempt(datagram) ? undefined : this.#sendLater(datagram);
  }

  /** Returns `false` if the datagram has to wait. @throws ERR_QUICPIPE_DATAGRAM_TOO_LARGE if it does not fit, or no longer. */
  #attempt(datagram: Uint8Array): boolean {
    const maxBytes = this.maxDatagramSize;
    if (datagram.byteLength > maxBytes) throw tooLarge(datagram.byteLength, maxBytes);
    this.#wake();
    return this.#engine.datagramSend(datagram);
  }

  async #sendLater(datagram: Uint8Array): Promise<void> {
    do await new Promise<void>((resolve) => (this.#unblock = resolve));
    while (!this.#ended && !this.#attempt(datagram));
  }
}

function tooLarge(bytes: number, maxBytes: number): QuicpipeError {
  return new QuicpipeError(
    "ERR_QUICPIPE_DATAGRAM_TOO_LARGE",
    `a datagram of ${bytes} bytes does not fit; the longest now is maxDatagramSize, ${maxBytes}`,
    { details: { bytes, maxBytes } },
  );
}
