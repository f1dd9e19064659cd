import { joinedBytes, maxStoppedStreams } from "../../defaults/index.ts";
import type { SentBytes } from "../exchange/outbox.ts";

/** Commands to the library's thread. */
export interface LibraryCommands {
  /** @returns the bytes taken: all or none, and 1 for an end without bytes. */
  streamSend(handle: number, streamId: number, bytes: Buffer, hasEnded: boolean): number;
  streamClose(handle: number, streamId: number, code: number): void;
  closeSession(handle: number, code: number, reason: string): void;
  pingSession(handle: number): boolean;
  /** Waits for the thread, 25 µs if it is idle. Throws if there is no such connection. */
  getSessionMetrics(handle: number): TrafficBytes;
}

/** Bytes of UDP payload that a connection has received and sent. */
export interface TrafficBytes {
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** A command that waits until the library has reported its pending events. */
interface Waiting {
  /** Absent if the command is about the connection. */
  readonly streamId?: number;
  /** @returns `false` if the library has no room for it yet. */
  readonly tell: () => boolean;
}

/** Bytes of a stream that wait. The next ones join them if they are few, because each call waits for the library's thread. */
class Sending implements Waiting {
  readonly streamId: number;
  readonly #pieces: Buffer[];
  readonly #send: (sending: Sending) => boolean;
  #length: number;
  #hasEnded: boolean;

  constructor(streamId: number, bytes: Buffer, hasEnded: boolean, send: (sending: Sending) => boolean) {
    this.streamId = streamId;
    this.#pieces = [bytes];
    this.#length = bytes.length;
    this.#hasEnded = hasEnded;
    this.#send = send;
  }

  get bytes(): Buffer {
    if (this.#pieces.length > 1) this.#pieces.splice(0, Infinity, Buffer.concat(this.#pieces, this.#length));
    return this.#pieces[0]!;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Reports whether joining them costs less than a call. An end without bytes always fits. */
  hasRoomFor(bytes: Buffer): boolean {
    return bytes.length === 0 || this.#length + bytes.length <= joinedBytes;
  }

  add(bytes: Buffer, hasEnded: boolean): void {
    if (bytes.length > 0) this.#pieces.push(bytes);
    this.#length += bytes.length;
    this.#hasEnded ||= hasEnded;
  }

  tell(): boolean {
    return this.#send(this);
  }
}

/**
 * One client's connection to a {@link QuicServer}. Calls after its end do nothing. The library reuses a connection's handle at
 * once. Sends and closes therefore wait for two turns of the event loop, in which everything that the library had to report is
 * handled. Otherwise, after JavaScript was busy for long, a response could reach another client.
 */
export class QuicConnection implements SentBytes {
  readonly address: string;
  readonly port: number;
  readonly #handle: number;
  #commands: LibraryCommands | undefined;
  #sentPieces = 0;
  #waiting: Waiting[] = [];
  #isScheduled = false;
  /** The most recent streams that were stopped both ways. */
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

  /** Number of stream pieces and pings sent so far. */
  get sentPieces(): number {
    return this.#sentPieces;
  }

  /** Sends the next bytes of a stream. The first bytes open a stream of the server's own. */
  send(streamId: number, bytes: Buffer, hasEnded: boolean): void {
    // The library would try forever to send bytes of a stream that it has forgotten, and read nothing meanwhile.
    if (this.#stopped.has(streamId)) return;
    const last = this.#waiting.at(-1);
    if (last instanceof Sending && last.streamId === streamId && last.hasRoomFor(bytes)) {
      this.#sentPieces++;
      last.add(bytes, hasEnded);
    } else this.#tell(new Sending(streamId, bytes, hasEnded, (sending) => this.#send(sending)));
  }

  /**
   * Stops a stream both ways (RESET_STREAM and STOP_SENDING), and drops its unsent bytes. Idempotent. The library is told at
   * once, because it keeps trying to send the bytes of a stream that its client has stopped.
   */
  stop(streamId: number, code: number): void {
    if (this.#stopped.has(streamId)) return;
    this.#stopped.add(streamId);
    if (this.#stopped.size > maxStoppedStreams) this.#stopped.delete(this.#stopped.values().next().value!);
    this.#waiting = this.#waiting.filter((waiting) => waiting.streamId !== streamId);
    this.#commands?.streamClose(this.#handle, streamId, code);
  }

  /** Closes the connection (CONNECTION_CLOSE). Unsent bytes are lost. */
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
      // The connection is over; its event is still to come.
      return null;
    }
  }

  /** Notes that the client has acknowledged the oldest ping. */
  acknowledged(): void {
    this.#pings.shift()?.(null);
  }

  /** Schedules the waiting commands, for which there may be room. */
  flush(): void {
    if (this.#isScheduled || this.#waiting.length === 0) return;
    this.#isScheduled = true;
    setImmediate(() => setImmediate(() => this.#tellAll()));
  }

  /** Ends all use of the handle, which may be another connection's already. */
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

  #send({ streamId, bytes, hasEnded }: Sending): boolean {
    const taken = this.#commands?.streamSend(this.#handle, streamId, bytes, hasEnded) ?? Infinity;
    return taken >= Math.max(1, bytes.length);
  }
}
