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
import type { EngineClose, EngineConnection } from "../engine/contract.ts";
import { pinOf } from "../trust/identity.ts";
import { encodeInitialClose } from "./initial-close.ts";
import { Milestones } from "./milestones.ts";
import type { PeerSocket } from "../socket.ts";
import { Streams } from "./streams.ts";
import type { CertificateCheck } from "../trust/trust.ts";
import { TrustGate } from "./trust-gate.ts";

/** The parts of a {@link QuicConnection}. */
export interface ConnectionParts {
  readonly engine: EngineConnection;
  readonly socket: PeerSocket;
  readonly ids: ConnectionIds;
  readonly role: "client" | "server";
  readonly check: CertificateCheck | undefined;
  readonly remoteName: string | undefined;
  readonly ownPin: string;
  readonly idleTimeoutMs: number;
  readonly keepaliveMs: number;
  /** Returns the fault of the relay, if any, for the error of a connection that fell silent. */
  readonly relayFault: () => QuicpipeError | undefined;
  /** Called when packets get no answer, as the registration may have an old address. See {@link DriverOwner.onStalled}. */
  readonly onStalled: () => Promise<void> | undefined;
  /** Called when the connection has given up its routes. Its registration can then end. */
  readonly onEnd: () => void;
}

/** The life of one connection: handshake, trust, connection IDs, streams and datagrams, and its end. */
export class QuicConnection {
  readonly engine: EngineConnection;
  readonly streams: Streams;
  readonly datagrams: DatagramQueues;
  readonly remoteName: string | undefined;
  readonly milestones: Milestones = new Milestones();

  readonly #parts: ConnectionParts;
  readonly #driver: Driver;
  readonly #gate: TrustGate;
  #phase: "handshake" | "open" | "ended" = "handshake";
  #heardShortHeader = false;
  #spareIdsWhenEstablished: number | undefined;
  #relabelled: boolean;
  #released = false;
  #originalDestinationId: Uint8Array | undefined;
  /** The CONNECTION_CLOSE to send once the other side has acknowledged everything. */
  #pendingClose: EngineClose | undefined;
  #closeTimer: NodeJS.Timeout | undefined;
  readonly #closeSent = Promise.withResolvers<void>();

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    this.engine = parts.engine;
    this.#relabelled = parts.role === "server";
    this.remoteName = parts.remoteName;
    // A dialer's first packets travel by mailbox, paste or push. Until a packet comes back, its timers would count that
    // delay as loss.
    const owner: DriverOwner = {
      maySend: () => this.#maySend(),
      onTurn: () => this.#onTurn(),
      onStalled: parts.onStalled,
      onClosed: this.release,
    };
    this.#driver = new Driver(parts.engine, parts.socket, owner, parts.role === "client");
    const wake = (): void => this.#driver.wake();
    this.#gate = new TrustGate(parts.check, wake);
    this.streams = new Streams(parts.engine, parts.role, wake);
    this.datagrams = new DatagramQueues(parts.engine, wake);
    parts.ids.route(parts.socket, this.receive);
  }

  /** Pin of the other peer's key, once TLS has seen a certificate, if that parses. */
  get remotePin(): string | undefined {
    const der = this.engine.peerCertificate();
    try {
      return der && pinOf(der);
    } catch {
      // The other peer chose the bytes, and TLS is laxer about them.
      return undefined;
    }
  }

  /** Whether no useful packet has come from the other peer so far. */
  get silent(): boolean {
    return this.#driver.frozen;
  }

  /** Datagrams that the engine could not use. */
  get packetsRefused(): number {
    return this.#driver.refused;
  }

  /** Returns a dialer's first packets, for the caller to deliver. */
  firstFlight(): Uint8Array[] {
    this.#originalDestinationId = this.engine.destinationId();
    return this.#driver.collect();
  }

  /** Takes a datagram, and may overwrite its bytes. */
  readonly receive = (datagram: Uint8Array): void => {
    if (this.#phase === "handshake") {
      const header = parseLongHeader(datagram);
      this.#heardShortHeader ||= header === undefined;
      // The relay passes a retransmitted Initial whose DCID is not pinned, or no longer, to the gateway's HTTP/3
      // server, which answers with an error. Its connection ID tells the server from a peer.
      if (header && !isPeerId(header.sourceId)) return;
    }
    this.#driver.receive(datagram);
  };

  /** Lets a dialer retransmit although no packet has come. */
  retransmit(): void {
    this.#driver.thaw();
  }

  /** Sends a PING, which defers the idle timeout. */
  keepAlive(): void {
    if (this.#phase !== "open") return;
    this.engine.ping();
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
    this.#pendingClose = { isApplication: true, errorCode: info.closeCode, reason: info.reason };
    if (mayLinger) this.#driver.flush();
    if (!mayLinger || this.engine.isQuiet()) return this.#sendClose();
    this.#closeTimer = setTimeout(() => this.#sendClose(), defaults.lingerMs);
    this.#closeTimer.unref();
  }

  /** Resolves when this side's CONNECTION_CLOSE has been sent; at once if there is none to send. */
  get closeSent(): Promise<void> {
    return this.#pendingClose ? this.#closeSent.promise : Promise.resolve();
  }

  /** Ends the connection with an error. Notifies the other side if a packet has come from it. Idempotent. */
  abandon(error: QuicpipeError): void {
    if (this.#phase === "ended") return;
    this.#refuse(error, 0, "");
    if (this.silent) this.release();
    else this.#driver.flush();
  }

  /** Gives up its routes in the socket, without waiting for late packets (RFC 9000 §10.2). Idempotent. */
  readonly release = (): void => {
    if (this.#released) return;
    this.#released = true;
    this.#sendClose();
    this.#driver.stop();
    this.#parts.ids.unroute(this.#parts.socket);
    this.#parts.onEnd();
  };

  #sendClose(): void {
    if (!this.#pendingClose) return;
    clearTimeout(this.#closeTimer);
    this.engine.close(this.#pendingClose);
    this.#pendingClose = undefined;
    this.#driver.flush();
    this.#closeSent.resolve();
  }

  #maySend(): boolean {
    const verdict = this.#gate.look(() => this.engine.peerCertificate());
    if (verdict === "refused" && this.#phase !== "ended") {
      const error = pinMismatch(this.remotePin, this.remoteName);
      this.#refuse(error, badCertificate, "the certificate is not trusted");
    }
    return verdict !== "pending";
  }

  /** Ends the connection with an error of this side. */
  #refuse(error: QuicpipeError, errorCode: number, reason: string): void {
    this.engine.close({ isApplication: false, errorCode, reason });
    this.#closeEarly(errorCode, reason);
    this.#finish(error, undefined);
  }

  #onTurn(): void {
    if (this.#phase === "handshake") this.#open();
    if (this.#phase === "open") {
      this.#parts.ids.topUp(this.engine);
      this.#relabel();
      this.streams.progress();
      this.datagrams.progress();
    }
    if (this.#pendingClose && this.engine.isQuiet()) this.#sendClose();
    const hasFailed = this.#phase === "handshake" && this.engine.localClose() !== undefined;
    if (this.#phase !== "ended" && (hasFailed || this.engine.isDraining())) this.#explain();
  }

  #open(): void {
    if (!this.engine.isEstablished() || this.engine.isDraining()) return;
    // Issues IDs at once: the packets that they elicit from the other side are the awaited confirmation.
    this.#parts.ids.topUp(this.engine);
    if (this.#parts.role === "client" && !this.#isConfirmed()) return;
    this.#phase = "open";
    this.milestones.open();
  }

  /**
   * Reports whether the server has accepted the client. A client is established before the server has the
   * client's Finished and certificate. Packets and connection IDs up to then may belong to the server's first flight. A
   * later packet under 1-RTT keys, or a later connection ID, shows that the server has accepted. Before that the path
   * must not change (RFC 9000 §9): a lost Finished would never be sent again.
   */
  #isConfirmed(): boolean {
    const spareIds = this.engine.spareDestinationIds();
    if (this.#spareIdsWhenEstablished !== undefined)
      return this.#heardShortHeader || spareIds > this.#spareIdsWhenEstablished;
    this.#spareIdsWhenEstablished = spareIds;
    this.#heardShortHeader = false;
    return false;
  }

  /**
   * The delay of the first flight, mailbox included, counts as the first RTT sample. With it, repairing one packet lost
   * at the end would take seconds. A path under another local label starts without it.
   */
  #relabel(): void {
    if (this.#relabelled || this.engine.spareDestinationIds() === 0) return;
    this.#relabelled = true;
    const { address, port } = this.#parts.socket.local;
    this.engine.relabel({ address, port: port ^ 1 });
  }

  /** Finds out why the engine's connection is over. */
  #explain(): void {
    const { ownPin, relayFault } = this.#parts;
    const remote = this.engine.remoteClose();
    const local = this.engine.localClose();
    const phase = this.#phase === "open" ? "open" : "handshake";
    if (remote?.isApplication && phase === "open") {
      const info = { closeCode: remote.errorCode, reason: remote.reason };
      this.#finish(closedError(info, "the other"), info);
    } else if (remote) this.#finish(failureOf(remote, "the other", phase, ownPin), undefined);
    else if (local) {
      this.#closeEarly(local.errorCode, "");
      this.#finish(failureOf(local, "this", phase, ownPin), undefined);
    } else this.#finish(silenceError(this.#parts, relayFault()), undefined);
  }

  /** Ends a handshake on the other side too, which cannot read the engine's CONNECTION_CLOSE. */
  #closeEarly(errorCode: number, reason: string): void {
    const originalDestinationId = this.#originalDestinationId;
    if (this.#phase !== "handshake" || !originalDestinationId || this.silent) return;
    const destinationId = this.engine.destinationId();
    const sourceId = this.#parts.ids.first;
    this.#parts.socket.send(
      encodeInitialClose({ originalDestinationId, destinationId, sourceId, errorCode, reason }),
    );
  }

  #finish(error: QuicpipeError, info: CloseInfo | undefined): void {
    this.#phase = "ended";
    this.milestones.end(error, info);
    this.streams.end(error, info !== undefined);
    this.datagrams.end(error, info !== undefined);
  }
}
