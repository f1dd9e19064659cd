import { maxTimerMs } from "../../defaults/index.ts";
import { quicVersion1 } from "../../wire/quic-packet.ts";
import type { EngineConnection } from "../engine/contract.ts";

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
  /**
   * What was sent goes unanswered again and again: the way there may have changed. Returns what to wait for where
   * there is none for now.
   */
  onStalled(): Promise<void> | undefined;
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
  /** Whether the engine's timers wait for the way there to be mended. */
  #held = false;
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
    this.#held = false;
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
    const timeoutMs = this.#timeoutMs();
    if (timeoutMs === undefined) return;
    const dueMs = performance.now() + timeoutMs;
    if (dueMs >= this.#timerDueMs) return;
    clearTimeout(this.#timer);
    this.#timerDueMs = dueMs;
    this.#timer = setTimeout(this.#onTimer, Math.min(Math.max(1, timeoutMs), maxTimerMs));
    this.#timer.unref();
  }

  #timeoutMs(): number | undefined {
    if (this.#frozen) return undefined;
    return this.#held && !this.#isClosing() ? this.#engine.idleLeftMs() : this.#engine.timeoutMs();
  }

  readonly #onTimer = (): void => {
    this.#timerDueMs = Infinity;
    // A deadline that has moved on is not due yet.
    if ((this.#timeoutMs() ?? Infinity) > 0) return this.#arm();
    const mended = !this.#held && ++this.#unanswered > 1 ? this.#owner.onStalled() : undefined;
    if (mended && !this.#isClosing()) this.#hold(mended);
    else this.#expire();
  };

  /** Whether this side has last words to say, which wait for nothing. */
  #isClosing(): boolean {
    return this.#engine.localClose() !== undefined;
  }

  /**
   * Every probe doubles the wait for the next one (RFC 9002 §6.2.1), and where the congestion window is full, nothing
   * but a probe goes out. So none is spent on a way that is known not to be there: it waits until that is mended.
   */
  #hold(mended: Promise<void>): void {
    this.#held = true;
    void mended.then(this.#resume);
    this.#arm();
  }

  readonly #resume = (): void => {
    if (this.#held && !this.#stopped) this.#expire();
  };

  #expire(): void {
    this.#held = false;
    this.#engine.onTimeout();
    this.#turn();
  }
}

/** A long header of another QUIC version: a forged version negotiation would end the connection (RFC 9000 §6.2). */
function isOtherVersion(datagram: Uint8Array): boolean {
  if ((datagram[0]! & 0x80) === 0) return false;
  const version = (datagram[1]! << 24) | (datagram[2]! << 16) | (datagram[3]! << 8) | datagram[4]!;
  return version !== quicVersion1;
}
