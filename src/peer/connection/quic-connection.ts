import * as defaults from "../../defaults/index.ts";
import type { QuicpipeError } from "../../errors.ts";
import { parseLongHeader } from "../../wire/quic-packet.ts";
import {
  badCertificate,
  type CloseInfo,
  closedError,
  failureOf,
  pinMismatch,
  silenceError,
} from "./error.ts";
import { type ConnectionIds, isPeerId } from "./connection-ids.ts";
import { DatagramQueues } from "./datagrams.ts";
import { Driver, type DriverOwner } from "./driver.ts";
import type { EngineConnection, EngineEnd } from "../engine/contract.ts";
import { tryPinOf } from "../trust/identity.ts";
import { Milestones } from "./milestones.ts";
import { relayPath } from "../path/direct.ts";
import { ConnectionPaths, type PathsParts } from "./connection-paths.ts";
import { Streams } from "./streams.ts";
import type { CertificateCheck } from "../trust/trust.ts";

/** The parts of a {@link QuicConnection}. */
export interface ConnectionParts extends PathsParts {
  readonly ids: ConnectionIds;
  readonly check: CertificateCheck | undefined;
  readonly ownPin: string;
  readonly idleTimeoutMs: number;
  readonly keepaliveMs: number;
  /** Returns the fault of the relay, if any, for the error of a connection that fell silent. */
  readonly relayFault: () => QuicpipeError | undefined;
  /**
   * Called when packets go unanswered, as the registration may have an old address. Returns a promise to wait for if there is
   * no path for now.
   */
  readonly onStalled: () => Promise<void> | undefined;
  /** Called when few connection IDs are left, for {@link QuicConnection.useConnectionIds} once the relay knows more. */
  readonly onCidsRunLow: () => void;
  /** Called when the connection has given up its routes. Its registration can then end. */
  readonly onEnd: () => void;
}

/** The life of one connection: handshake, trust, streams and datagrams, and its end. */
export class QuicConnection {
  readonly engine: EngineConnection;
  readonly streams: Streams;
  readonly datagrams: DatagramQueues;
  readonly remoteName: string | undefined;
  readonly milestones: Milestones = new Milestones();
  readonly paths: ConnectionPaths;

  readonly #parts: ConnectionParts;
  readonly #driver: Driver;
  #phase: "handshake" | "open" | "ended" = "handshake";
  #isTrusted: boolean;
  /** Whether both sides have completed the handshake, as far as this one can know. */
  #isConfirmed = false;
  #released = false;
  /** The application's farewell, to be sent once the other side has acknowledged everything. */
  #pendingClose: CloseInfo | undefined;
  #closeTimer: NodeJS.Timeout | undefined;
  /** Ends the direct way of packets from the socket to the engine. */
  #detach: (() => void) | undefined;
  readonly #closeSent = Promise.withResolvers<void>();

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    this.engine = parts.engine;
    this.remoteName = parts.remoteName;
    this.#isTrusted = parts.check === undefined;
    const wake = (): void => this.#driver.wake();
    this.paths = new ConnectionPaths(parts, {
      wake,
      onReady: () => this.#ready(),
      onUnavailable: (error, reason) => this.abandon(error, reason),
    });
    this.#driver = new Driver(parts.engine, this.paths, this.#owner());
    this.streams = new Streams(parts.engine, parts.role, this.paths.control, wake);
    this.datagrams = new DatagramQueues(parts.engine, wake);
    parts.ids.route(parts.socket, this.receive);
  }

  #owner(): DriverOwner {
    const confirm = (): void => {
      this.#isConfirmed = true;
      this.#open();
    };
    return {
      // A client is established before the server has accepted its certificate.
      onEstablished: () => this.#parts.role === "server" && confirm(),
      onConfirmed: confirm,
      onPresented: () => void this.#judge(),
      onEnded: () => this.#explain(),
      onStalled: () => this.#repair(),
      onOpened: (kind) => this.streams.accept(kind),
      onReadable: (id) => this.streams.read(id),
      onWritable: (id) => this.streams.write(id),
      onStopped: (id, errorCode) => this.streams.stopped(id, errorCode),
      onAllowed: (kind) => this.streams.allow(kind),
      onDatagrams: () => this.datagrams.progress(),
      onCidsRunLow: () => this.#parts.onCidsRunLow(),
      onPath: (event) => this.paths.onPath(event),
      onDetours: () => this.paths.onDetours(),
      onTurn: () => this.#pendingClose && this.engine.isQuiet && this.#sendClose(),
      onOver: () => {
        // A fault of the engine ends it without a word.
        this.#explain();
        this.release();
      },
    };
  }

  /** Pin of the other peer's key, once TLS has seen a certificate, if that parses. */
  get remotePin(): string | undefined {
    const [der] = this.engine.certificates();
    return der && tryPinOf(der);
  }

  /** Whether no useful packet has come from the other peer so far. */
  get silent(): boolean {
    return this.engine.isWaiting;
  }

  /** Datagrams that the engine could not use. */
  get packetsRefused(): number {
    return this.#driver.refused;
  }

  /** Returns a dialer's first packets, for the caller to deliver. */
  firstFlight(): Uint8Array[] {
    return this.engine.firstFlight();
  }

  /** Takes a datagram, with its two ECN bits. */
  readonly receive = (datagram: Uint8Array, ecn: number): void => {
    if (this.#phase === "handshake") {
      const header = parseLongHeader(datagram);
      // A relay that has lost the registration of this socket's key passes a retransmitted Initial to the gateway's
      // HTTP/3 server, which answers with an error. Its connection ID tells the server from a peer.
      if (header && !isPeerId(header.sourceId)) return;
    }
    this.#driver.receive(datagram, ecn);
  };

  /** Lets a dialer retransmit although no packet has come. */
  retransmit(): void {
    this.engine.retransmit();
    this.#driver.wake();
  }

  /** Uses connection IDs up to number `num`, which the relay knows. */
  useConnectionIds(num: number): void {
    if (this.#released) return;
    const { ids, socket } = this.#parts;
    ids.grow(num);
    ids.route(socket, this.receive);
    if (this.#phase === "open") this.#attach();
    this.engine.raiseCidLimit(num);
    this.#driver.wake();
  }

  /** Defers the idle timeout. The PING of one side does so for both. */
  keepAlive(): void {
    this.paths.keepAlive();
    // Half of the gap, so that one of the two sends one in each.
    if (this.engine.silentMs() >= this.#parts.keepaliveMs / 2) this.probe();
  }

  /** Sends a PING by the relay, which the other side answers. */
  probe(): void {
    if (this.#phase !== "open") return;
    this.engine.pingPath(relayPath);
    this.#driver.wake();
  }

  /**
   * Closes the connection in good order: for this side at once, for the other one when it has acknowledged the stream
   * data given before, or after a second. Idempotent.
   */
  close(info: CloseInfo): void {
    if (this.#phase === "ended") return;
    const mayLinger = this.#phase === "open";
    this.#finish(closedError(info, "this"), info);
    this.#pendingClose = info;
    if (mayLinger) this.#driver.flush();
    if (!mayLinger || this.engine.isQuiet) return this.#sendClose();
    this.#closeTimer = setTimeout(() => this.#sendClose(), defaults.lingerMs);
    this.#closeTimer.unref();
  }

  /** Resolves when this side's CONNECTION_CLOSE has been sent; at once if there is none to send. */
  get closeSent(): Promise<void> {
    return this.#pendingClose ? this.#closeSent.promise : Promise.resolve();
  }

  /** Ends the connection with an error. Notifies the other side if a packet has come from it. Idempotent. */
  abandon(error: QuicpipeError, reason = ""): void {
    if (this.#phase === "ended") return;
    const { silent } = this;
    this.#finish(error, undefined);
    this.engine.close(0, reason);
    if (silent) this.release();
    else this.#driver.flush();
  }

  /** Lets its packets go to the engine directly: none needs a look in JavaScript any more. */
  #attach(): void {
    const { ids, socket, engine } = this.#parts;
    const { onReceived } = this.#driver;
    this.#detach?.();
    this.#detach = ids.attach(socket, { engine, onReceived });
  }

  /** Gives up its routes in the socket, without waiting for late packets (RFC 9000 §10.2). Idempotent. */
  readonly release = (): void => {
    if (this.#released) return;
    this.#released = true;
    this.#sendClose();
    this.#driver.stop();
    this.#detach?.();
    this.#parts.ids.unroute(this.#parts.socket);
    this.#parts.onEnd();
  };

  #sendClose(): void {
    const info = this.#pendingClose;
    if (!info) return;
    clearTimeout(this.#closeTimer);
    this.#pendingClose = undefined;
    this.engine.close(info.closeCode, info.reason);
    this.#driver.flush();
    this.#closeSent.resolve();
  }

  /** Judges the other side's certificate. A check that fails refuses. */
  async #judge(): Promise<void> {
    const [der] = this.engine.certificates();
    this.#isTrusted = await this.#parts.check!(der!).catch(() => false);
    if (!this.#isTrusted && this.#phase !== "ended")
      this.#finish(pinMismatch(this.remotePin, this.remoteName), undefined);
    this.engine.judge(this.#isTrusted);
    this.#open();
    this.#driver.wake();
  }

  #open(): void {
    if (this.#phase !== "handshake" || !this.#isConfirmed || !this.#isTrusted) return;
    this.#phase = "open";
    this.#attach();
    this.paths.open();
  }

  /** Lets the application talk. */
  #ready(): void {
    this.milestones.open();
    this.streams.open();
  }

  /** Has the path repaired. A path that is known to be broken gets no probe meanwhile. */
  #repair(): void {
    const mended = this.#phase === "ended" ? undefined : this.#parts.onStalled();
    if (mended) void this.#hold(mended);
  }

  async #hold(mended: Promise<void>): Promise<void> {
    this.engine.hold();
    await mended;
    this.engine.release();
    this.#driver.wake();
  }

  /** Finds out why the engine's connection is over. */
  #explain(): void {
    const end = this.engine.end();
    if (!end || this.#phase === "ended") return;
    const info = { closeCode: end.errorCode, reason: end.reason };
    if (end.by === "other" && end.isApplication && this.#phase === "open")
      this.#finish(closedError(info, "the other"), info);
    else this.#finish(this.#faultOf(end, this.#phase), undefined);
  }

  #faultOf(end: EngineEnd, phase: "handshake" | "open"): QuicpipeError {
    if (end.by === "silence") return silenceError(this.#parts, this.#parts.relayFault());
    if (end.by === "this" && end.errorCode === badCertificate)
      return pinMismatch(this.remotePin, this.remoteName);
    const by = end.by === "this" ? "this" : "the other";
    return failureOf(end, by, phase, this.#parts.ownPin, this.remoteName);
  }

  #finish(error: QuicpipeError, info: CloseInfo | undefined): void {
    this.#phase = "ended";
    this.milestones.end(error, info);
    this.streams.end(error, info !== undefined);
    this.datagrams.end(error, info !== undefined);
    this.paths.close();
  }
}
