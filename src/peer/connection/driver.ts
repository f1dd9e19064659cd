import { maxTimerMs } from "../../defaults/index.ts";
import { parseLongHeader, quicVersion1 } from "../../wire/quic-packet.ts";
import type { EngineConnection } from "../engine/contract.ts";
import type { RelayPath } from "../socket.ts";

type DatagramPath = Pick<RelayPath, "slot" | "sendSlot">;

/** Callbacks of a {@link Driver}. */
export interface DriverOwner {
  /** Reports whether packets may go out. `false` holds everything back until the next {@link Driver.wake}. */
  maySend(): boolean;
  /** Called after packets or time went in: read, write, check the state. */
  onTurn(): void;
  /**
   * Called when packets go unanswered again and again, as the path may have changed. Returns a promise to wait for if
   * there is no path for now.
   */
  onStalled(): Promise<void> | undefined;
  /** Called when the engine's connection is over. Nothing follows. */
  onClosed(): void;
}

/**
 * Moves packets and time between one engine connection and the socket. All datagrams of one turn of the event loop go
 * in first, then one batch goes out: an acknowledgement for each datagram would cost four times as much.
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
  /** Timeouts since the last datagram came. */
  #unanswered = 0;
  /** Whether the engine's timers wait for the path to be repaired. */
  #held = false;
  #stopped = false;

  /** @param frozen whether the engine's timers stand still until {@link thaw} or the other side's first packet. */
  constructor(engine: EngineConnection, path: DatagramPath, owner: DriverOwner, frozen: boolean) {
    this.#engine = engine;
    this.#path = path;
    this.#owner = owner;
    this.#frozen = frozen;
  }

  /** Datagrams that the engine could not use: mangled, forged or of another QUIC version. */
  get refused(): number {
    return this.#refused;
  }

  /** Whether the engine's timers still stand still, as no useful packet has come. */
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
    // A packet over which the engine closes the connection is no forgery: the other side has answered.
    if (isUseful || this.#engine.localClose()) this.#frozen = false;
    this.wake();
  }

  /** Lets the engine's timers run. */
  thaw(): void {
    this.#frozen = false;
    this.wake();
  }

  /** Schedules a turn after the current one of the event loop. */
  wake(): void {
    if (!this.#stopped) this.#immediate ??= setImmediate(this.#turn);
  }

  /** Returns the datagrams that the engine wants to send now, instead of sending them. */
  collect(): Uint8Array[] {
    const datagrams: Uint8Array[] = [];
    for (let length = 0; (length = this.#engine.send(this.#path.slot())) > 0;)
      datagrams.push(Uint8Array.from(this.#path.slot().subarray(0, length)));
    return datagrams;
  }

  /** Runs a turn at once, so that the engine's packets are out on return. */
  flush(): void {
    clearImmediate(this.#immediate);
    if (!this.#stopped) this.#turn();
  }

  /** Stops for good, without notifying the other side. Idempotent. */
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

  /** A timer that fires too early only arms the next one. So it is moved only if the deadline comes nearer. */
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
    // The deadline has moved on.
    if ((this.#timeoutMs() ?? Infinity) > 0) return this.#arm();
    const mended = !this.#held && ++this.#unanswered > 1 ? this.#owner.onStalled() : undefined;
    if (mended && !this.#isClosing()) this.#hold(mended);
    else this.#expire();
  };

  /** Reports whether this side is closing. Its CONNECTION_CLOSE waits for nothing. */
  #isClosing(): boolean {
    return this.#engine.localClose() !== undefined;
  }

  /**
   * Every probe doubles the wait for the next one (RFC 9002 §6.2.1), and with a full congestion window only a probe
   * goes out. So no probe is spent on a path that is known to be broken: it waits for the repair.
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

/**
 * Reports whether a datagram has a long header of another QUIC version. A forged version negotiation would end the
 * connection (RFC 9000 §6.2).
 */
function isOtherVersion(datagram: Uint8Array): boolean {
  const header = parseLongHeader(datagram);
  return header !== undefined && header.version !== quicVersion1;
}
