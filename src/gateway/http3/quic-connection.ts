import { maxStoppedStreams } from "../../defaults/index.ts";
import type { SentBytes } from "../exchange/outbox.ts";

/** What the library's thread can be told. */
export interface LibraryCommands {
  /** @returns how much of it was taken: all or nothing, and 1 for an end without bytes. */
  streamSend(handle: number, streamId: number, bytes: Buffer, hasEnded: boolean): number;
  streamClose(handle: number, streamId: number, code: number): void;
  closeSession(handle: number, code: number, reason: string): void;
  pingSession(handle: number): boolean;
  /** Waits for the thread, 25 µs if it has nothing else to do. Throws where there is no such connection. */
  getSessionMetrics(handle: number): TrafficBytes;
}

/** What a connection has received and sent, in bytes of UDP payload. */
export interface TrafficBytes {
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** What the library is to be told once it has said what it knows. */
interface Waiting {
  /** Absent where it is about the connection. */
  readonly streamId?: number;
  /** @returns `false` if the library has no room for it yet. */
  readonly tell: () => boolean;
}

/**
 * One client's connection to a {@link QuicServer}. Once it is over, what it is told does nothing. The library gives a
 * connection's number to the next one at once: so nothing is sent, and no connection ended, before two turns of the event loop,
 * in which all that the library had to tell until then was heard. Else, where JavaScript was busy for long, an answer would
 * reach somebody else.
 */
export class QuicConnection implements SentBytes {
  readonly address: string;
  readonly port: number;
  readonly #handle: number;
  #commands: LibraryCommands | undefined;
  #sentPieces = 0;
  #waiting: Waiting[] = [];
  #isScheduled = false;
  /** Streams that were ended both ways, the latest. */
  readonly #stopped = new Set<number>();
  #pings: ((error: Error | null) => void)[] = [];

  constructor(
    handle: number,
    client: { readonly address: string; readonly port: number },
    commands: LibraryCommands,
  ) {
    this.#handle = handle;
    this.address = client.address;
    this.port = client.port;
    this.#commands = commands;
  }

  /** Pieces of streams, and pings, that were sent so far. */
  get sentPieces(): number {
    return this.#sentPieces;
  }

  /** Sends the next bytes of a stream, which begins with them if it is the server's own. */
  send(streamId: number, bytes: Buffer, hasEnded: boolean): void {
    // The library would try for ever to send what comes for a stream that it has forgotten, and read nothing meanwhile.
    if (this.#stopped.has(streamId)) return;
    this.#tell({ streamId, tell: () => this.#send(streamId, bytes, hasEnded) });
  }

  /**
   * Ends a stream both ways (RESET_STREAM and STOP_SENDING), and drops what it has not sent. Idempotent. The library is told at
   * once: it tries again and again to send what it has of a stream that its client has stopped.
   */
  stop(streamId: number, code: number): void {
    if (this.#stopped.has(streamId)) return;
    this.#stopped.add(streamId);
    if (this.#stopped.size > maxStoppedStreams) this.#stopped.delete(this.#stopped.values().next().value!);
    this.#waiting = this.#waiting.filter((waiting) => waiting.streamId !== streamId);
    this.#commands?.streamClose(this.#handle, streamId, code);
  }

  /** Ends the connection, with a word to the client (CONNECTION_CLOSE); what it has not sent is lost. */
  close(code: number): void {
    this.#waiting = [{ tell: () => this.#close(code) }];
    this.flush();
  }

  ping(onAcknowledged: (error: Error | null) => void): void {
    this.#tell({ tell: () => this.#ping(onAcknowledged) });
  }

  getMetrics(): TrafficBytes | null {
    try {
      return this.#commands?.getSessionMetrics(this.#handle) ?? null;
    } catch {
      // It is over, which will be told.
      return null;
    }
  }

  /** The client has acknowledged the oldest ping. */
  acknowledged(): void {
    this.#pings.shift()?.(null);
  }

  /** The library has room again. */
  flush(): void {
    if (this.#isScheduled || this.#waiting.length === 0) return;
    this.#isScheduled = true;
    setImmediate(() => setImmediate(() => this.#tellAll()));
  }

  /** It is over: its number may be another's already. */
  closed(): void {
    this.#commands = undefined;
    this.#waiting = [];
    this.#pings = [];
  }

  #tell(waiting: Waiting): void {
    this.#sentPieces++;
    this.#waiting.push(waiting);
    this.flush();
  }

  #close(code: number): boolean {
    this.#commands?.closeSession(this.#handle, code, "");
    return true;
  }

  #tellAll(): void {
    this.#isScheduled = false;
    while (this.#waiting[0]?.tell()) this.#waiting.shift();
  }

  #ping(onAcknowledged: (error: Error | null) => void): boolean {
    const isTaken = this.#commands?.pingSession(this.#handle) ?? true;
    if (isTaken) this.#pings.push(onAcknowledged);
    return isTaken;
  }

  #send(streamId: number, bytes: Buffer, hasEnded: boolean): boolean {
    const taken = this.#commands?.streamSend(this.#handle, streamId, bytes, hasEnded) ?? Infinity;
    return taken >= Math.max(1, bytes.length);
  }
}
