import { quicVersion1 } from "../wire/quic-packet.ts";
import type { EngineConnection } from "./engine-contract.ts";

/** What a {@link Driver} needs of the peer's socket. */
export interface DatagramPath {
  /** Memory for the next datagram. */
  slot(): Uint8Array;
  /** Sends the first `length` bytes of the slot. */
  sendSlot(length: number): void;
}

/** Who is told about a connection's turns. */
export interface DriverOwner {
  /** Asked before anything goes out; `false` holds everything back until the next {@link Driver.wake}. */
  maySend(): boolean;
  /** Packets or time went in: read, write, look at the state. */
  onTurn(): void;
  /** What was sent goes unanswered again and again: the way there may have changed. */
  onStalled(): void;
  /** The engine's connection is over; nothing follows. */
  onClosed(): void;
}

/**
 * Moves packets and time between one engine connection and the socket. All datagrams of one turn of the event
 * loop go in first, then one batch goes out: an acknowledgement for each datagram would cost four times as much.
 */
export class Driver {
  readonly #engine: EngineConnection;
  readonly #path: DatagramPath;
  readonly #owner: DriverOwner;
  #immediate: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  #timerDueMs = Infinity;
  #frozen: boolean;
  #refused = 0;
  /** How often time has run out since the last datagram came. */
  #unanswered = 0;
  #stopped = false;

  /**
   * @param frozen whether the engine's timers stand still until {@link thaw} or the first packet of the
   *   other side.
   */
  constructor(engine: EngineConnection, path: DatagramPath, owner: DriverOwner, frozen: boolean) {
    this.#engine = engine;
    this.#path = path;
    this.#owner = owner;
    this.#frozen = frozen;
  }

  /** Datagrams that the engine had no use for: mangled, forged, of another QUIC version. */
  get refused(): number {
    return this.#refused;
  }

  /** Whether the engine's timers still stand still: nothing useful came yet. */
  get frozen(): boolean {
    return this.#frozen;
  }

  /** Takes one datagram, and may overwrite its bytes. */
  receive(datagram: Uint8Array): void {
    if (this.#stopped) return;
    this.#unanswered = 0;
    const isUseful = !isOtherVersion(datagram) && this.#engine.receive(datagram);
    if (!isUseful) this.#refused++;
    // What the engine ends the connection over is no forgery: somebody answered.
    if (isUseful || this.#engine.localClose()) this.#frozen = false;
    this.wake();
  }

  /** Lets the engine's timers run. */
  thaw(): void {
    this.#frozen = false;
    this.wake();
  }

  /** Has a turn run after the current one of the event loop. */
  wake(): void {
    if (!this.#stopped) this.#immediate ??= setImmediate(this.#turn);
  }

  /** Collects what the engine wants to send now, instead of sending it. */
  collect(): Uint8Array[] {
    const datagrams: Uint8Array[] = [];
    for (let length = 0; (length = this.#engine.send(this.#path.slot())) > 0;)
      datagrams.push(Uint8Array.from(this.#path.slot().subarray(0, length)));
    return datagrams;
  }

  /** Runs a turn at once, so that what the engine has to say is out when this returns. */
  flush(): void {
    clearImmediate(this.#immediate);
    if (!this.#stopped) this.#turn();
  }

  /** Stops for good, without a word to the other side. Idempotent. */
  stop(): void {
    this.#stopped = true;
    clearImmediate(this.#immediate);
    clearTimeout(this.#timer);
  }

  readonly #turn = (): void => {
    this.#immediate = undefined;
    if (!this.#owner.maySend()) return;
    this.#owner.onTurn();
    if (this.#stopped) return;
    for (let length = 0; (length = this.#engine.send(this.#path.slot())) > 0;) this.#path.sendSlot(length);
    if (this.#engine.isClosed()) this.#end();
    else this.#arm();
  };

  #end(): void {
    this.stop();
    this.#owner.onClosed();
  }

  /** A timer that fires too early only arms the next one; so it is moved only when the deadline comes nearer. */
  #arm(): void {
    const timeoutMs = this.#frozen ? undefined : this.#engine.timeoutMs();
    if (timeoutMs === undefined) return;
    const dueMs = performance.now() + timeoutMs;
    if (dueMs >= this.#timerDueMs) return;
    clearTimeout(this.#timer);
    this.#timerDueMs = dueMs;
    this.#timer = setTimeout(this.#onTimer, Math.max(1, timeoutMs));
    this.#timer.unref();
  }

  readonly #onTimer = (): void => {
    this.#timerDueMs = Infinity;
    // A deadline that has moved on is not due yet.
    if ((this.#engine.timeoutMs() ?? Infinity) > 0) return this.#arm();
    if (++this.#unanswered > 1) this.#owner.onStalled();
    this.#engine.onTimeout();
    this.#turn();
  };
}

/** A long header of another QUIC version: a forged version negotiation would end the connection (RFC 9000 §6.2). */
function isOtherVersion(datagram: Uint8Array): boolean {
  if ((datagram[0]! & 0x80) === 0) return false;
  const version = (datagram[1]! << 24) | (datagram[2]! << 16) | (datagram[3]! << 8) | datagram[4]!;
  return version !== quicVersion1;
}
