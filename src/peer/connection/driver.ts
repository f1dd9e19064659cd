import { maxTimerMs } from "../../defaults/index.ts";
import type { EngineConnection, EngineListener } from "../engine/contract.ts";

/** Where a connection's datagrams go. */
interface DatagramPath {
  /** Sends what a connection has to send. If that is too much for now, calls `resume` to have another turn. */
  flush(connection: EngineConnection, resume: () => void): void;
}

/** Callbacks of a {@link Driver}. */
export interface DriverOwner extends EngineListener {
  /** Called in each turn, when what has come in has been told: write. */
  onTurn(): void;
  /** Called when packets of another path than the first have come by the relay. */
  onDetours?(count: number): void;
  /** Called when the engine's connection is over. Nothing follows. */
  onOver(): void;
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
  #refused = 0;
  #stopped = false;

  constructor(engine: EngineConnection, path: DatagramPath, owner: DriverOwner) {
    this.#engine = engine;
    this.#path = path;
    this.#owner = owner;
  }

  /** Datagrams that the engine could not use: mangled, forged or of another QUIC version. */
  get refused(): number {
    return this.#refused;
  }

  /** Takes one datagram, with its two ECN bits if they are known. */
  receive(datagram: Uint8Array, ecn?: number): void {
    if (this.#stopped) return;
    if (!this.#engine.receive(datagram, ecn)) this.#refused++;
    this.wake();
  }

  /** Takes note of datagrams that have come to the engine directly. */
  readonly onReceived = (refused: number, detours: number): void => {
    this.#refused += refused;
    if (detours > 0) this.#owner.onDetours?.(detours);
    this.wake();
  };

  /** Schedules a turn after the current one of the event loop. */
  readonly wake = (): void => {
    if (!this.#stopped) this.#immediate ??= setImmediate(this.#turn);
  };

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
    this.#engine.poll(this.#owner);
    this.#owner.onTurn();
    if (this.#stopped) return;
    this.#path.flush(this.#engine, this.wake);
    if (this.#engine.isOver) this.#end();
    else this.#arm();
  };

  #end(): void {
    this.#engine.poll(this.#owner);
    this.stop();
    this.#owner.onOver();
  }

  /** A timer that fires too early only arms the next one. So it is moved only if the deadline comes nearer. */
  #arm(): void {
    const timeoutMs = this.#engine.timeoutMs();
    if (timeoutMs === undefined) return;
    const dueMs = performance.now() + timeoutMs;
    if (dueMs >= this.#timerDueMs) return;
    clearTimeout(this.#timer);
    this.#timerDueMs = dueMs;
    this.#timer = setTimeout(this.#onTimer, Math.min(Math.max(1, timeoutMs), maxTimerMs));
    this.#timer.unref();
  }

  readonly #onTimer = (): void => {
    this.#timerDueMs = Infinity;
    // The deadline has moved on.
    if ((this.#engine.timeoutMs() ?? Infinity) > 0) return this.#arm();
    this.#engine.onTimeout();
    this.#turn();
  };
}
