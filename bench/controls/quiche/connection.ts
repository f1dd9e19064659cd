import type quiche from "@matrixai/quic/native/quiche.js";
import { randomBytes } from "node:crypto";
import type {
  EngineConnection,
  EngineEnd,
  EngineListener,
  EngineOptions,
  EnginePath,
  EngineStats,
  PathRefusal,
  StreamAborted,
  StreamKind,
  StreamRead,
} from "../../../src/peer/engine/contract.ts";
import { deriveConnectionId } from "../../../src/wire/connection-id.ts";

/** A connection of `@matrixai/quic`. */
export type QuicheNative = ReturnType<(typeof quiche)["Connection"]["connect"]>;

/** quiche compares addresses, of which the port takes care here. */
export const place: { host: string; port: number } = { host: "127.0.0.1", port: 1 };

const nothing = new Uint8Array();
const kinds: readonly StreamKind[] = ["bidirectional", "unidirectional"];

/**
 * A connection of quiche behind the contract of today. It lacks what the benchmark does not do: repair of paths, judgement before
 * packets go out, ends of streams that get lost.
 */
export class QuicheConnection implements EngineConnection {
  readonly sentPath: number = 0;
  readonly isQuiet: boolean = true;
  readonly #native: QuicheNative;
  readonly #options: EngineOptions;
  /** Initiator bit in the IDs of this side's streams. */
  readonly #ownBit: 0 | 1;
  readonly #received = { from: place, to: place };
  readonly #opened: Record<StreamKind, number> = { bidirectional: 0, unidirectional: 0 };
  /** Streams of the other side that are known, and those of them that were taken. */
  readonly #known: Record<StreamKind, number> = { bidirectional: 0, unidirectional: 0 };
  readonly #taken: Record<StreamKind, number> = { bidirectional: 0, unidirectional: 0 };
  #datagrams: Uint8Array<ArrayBuffer>[] = [];
  #dropped = 0;
  #issued = 1;
  #heardAtMs: number = performance.now();
  #isWaiting = false;
  #isEstablished = false;
  #hasEnded = false;

  constructor(native: QuicheNative, options: EngineOptions, role: "client" | "server") {
    this.#native = native;
    this.#options = options;
    this.#ownBit = role === "client" ? 0 : 1;
  }

  receive(datagram: Uint8Array): boolean {
    try {
      this.#native.recv(datagram, this.#received);
      this.#isWaiting = false;
      this.#heardAtMs = performance.now();
      return true;
    } catch {
      // quiche throws for a packet of no use, and for one that ends the connection, which `end` tells.
      return false;
    }
  }

  send(buffer: Uint8Array): number {
    return this.#isWaiting ? 0 : (this.#native.send(buffer)?.[0] ?? 0);
  }

  timeoutMs(): number | undefined {
    return this.#isWaiting ? undefined : (this.#native.timeout() ?? undefined);
  }

  onTimeout(): void {
    this.#native.onTimeout();
  }

  poll(listener: EngineListener): void {
    if (!this.#isEstablished && this.#native.isEstablished()) this.#establish(listener);
    if (this.#isEstablished) this.#pollStreams(listener);
    this.#takeDatagrams();
    listener.onDatagrams();
    if (this.#hasEnded || !this.end()) return;
    this.#hasEnded = true;
    listener.onEnded();
  }

  firstFlight(): Uint8Array[] {
    const buffer = new Uint8Array(this.#options.maxUdpPayloadBytes);
    const flight: Uint8Array[] = [];
    for (let bytes; (bytes = this.send(buffer)) > 0;) flight.push(buffer.slice(0, bytes));
    this.#isWaiting = true;
    return flight;
  }

  retransmit(): void {
    this.#isWaiting = false;
  }

  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  hold(): void {}

  release(): void {}

  judge(isTrusted: boolean): void {
    if (!isTrusted) this.close(0, "the certificate is not trusted");
  }

  certificates(): readonly Uint8Array[] {
    return this.#native.peerCertChain() ?? [];
  }

  /** quiche has no exporter. */
  exportKey(): Uint8Array {
    return new Uint8Array();
  }

  applicationProtocol(): string {
    return Buffer.from(this.#native.applicationProto()).toString();
  }

  close(errorCode: number, reason: string): void {
    if (!this.end()) this.#native.close(true, errorCode, Buffer.from(reason));
  }

  end(): EngineEnd | undefined {
    const local = this.#native.localError();
    const error = local ?? this.#native.peerError();
    if (error)
      return {
        by: local ? "this" : "other",
        isApplication: error.isApp,
        errorCode: error.errorCode,
        reason: Buffer.from(error.reason).toString(),
      };
    return this.#native.isTimedOut()
      ? { by: "silence", isApplication: false, errorCode: 0, reason: "" }
      : undefined;
  }

  get isOver(): boolean {
    return this.#native.isClosed();
  }

  raiseCidLimit(): void {}

  ping(): void {
    this.#native.sendAckEliciting();
  }

  openPath(): PathRefusal {
    return "no-multipath";
  }

  closePath(): boolean {
    return false;
  }

  setPathBackup(): boolean {
    return false;
  }

  pingPath(): boolean {
    return false;
  }

  paths(): readonly EnginePath[] {
    return [];
  }

  openStream(kind: StreamKind): number | undefined {
    if (this.#left(kind) === 0) return undefined;
    const id = streamId(kind, this.#ownBit, this.#opened[kind]++);
    // quiche counts a stream from its first send.
    this.#native.streamSend(id, nothing, false);
    return id;
  }

  allowStreams(): void {}

  acceptStream(kind: StreamKind): number | undefined {
    if (this.#taken[kind] === this.#known[kind]) return undefined;
    return streamId(kind, this.#ownBit === 0 ? 1 : 0, this.#taken[kind]++);
  }

  streamReceive(id: number, buffer: Uint8Array): StreamRead | StreamAborted | undefined {
    try {
      const read = this.#native.streamRecv(id, buffer);
      if (read) return { bytes: read[0], fin: read[1] };
      return this.#native.streamFinished(id) ? { bytes: 0, fin: true } : undefined;
    } catch {
      // quiche does not know the stream, or no longer.
      return undefined;
    }
  }

  streamSend(id: number, data: Uint8Array, fin: boolean): number | undefined {
    return this.#native.streamSend(id, data, fin) ?? undefined;
  }

  streamAbort(id: number, direction: "read" | "write", errorCode: number): void {
    this.#native.streamShutdown(id, direction === "read" ? 0 : 1, errorCode);
  }

  datagramsReceive(): Uint8Array<ArrayBuffer>[] {
    return this.#datagrams.splice(0);
  }

  datagramsDropped(): number {
    return this.#dropped;
  }

  datagramSend(datagram: Uint8Array): boolean {
    if (this.#native.isDgramSendQueueFull()) return false;
    this.#native.dgramSend(datagram);
    return true;
  }

  maxDatagramBytes(): number {
    return this.#native.dgramMaxWritableLen() ?? 0;
  }

  silentMs(): number {
    return performance.now() - this.#heardAtMs;
  }

  stats(): EngineStats {
    const { sentBytes, recvBytes, lostBytes, sent, recv, lost } = this.#native.stats();
    return {
      bytesSent: sentBytes,
      bytesReceived: recvBytes,
      bytesLost: lostBytes,
      packetsSent: sent,
      packetsReceived: recv,
      packetsLost: lost,
      smoothedRtt: 0,
      congestionWindowBytes: 0,
    };
  }

  #establish(listener: EngineListener): void {
    this.#isEstablished = true;
    while (this.#issued < this.#options.cidLimit && this.#native.sourceCidsLeft() > 0)
      this.#native.newSourceCid(
        deriveConnectionId(this.#options.cidKey, ++this.#issued),
        BigInt(`0x${randomBytes(16).toString("hex")}`),
        false,
      );
    if (this.#options.isJudged) listener.onPresented();
    listener.onEstablished();
    listener.onConfirmed();
  }

  #pollStreams(listener: EngineListener): void {
    for (const id of this.#native.readable() as Iterable<number>) {
      if (id % 2 !== this.#ownBit) this.#meet(id, listener);
      listener.onReadable(id);
    }
    for (const id of this.#native.writable() as Iterable<number>) listener.onWritable(id);
    for (const kind of kinds) if (this.#left(kind) > 0) listener.onAllowed(kind);
  }

  /** A stream opens all lower-numbered ones of its kind (RFC 9000 §2.1). */
  #meet(id: number, listener: EngineListener): void {
    const kind = kinds[(id >> 1) & 1]!;
    if (id >> 2 < this.#known[kind]) return;
    this.#known[kind] = (id >> 2) + 1;
    listener.onOpened(kind);
  }

  #left(kind: StreamKind): number {
    return kind === "bidirectional" ? this.#native.peerStreamsLeftBidi() : this.#native.peerStreamsLeftUni();
  }

  #takeDatagrams(): void {
    for (let datagram; (datagram = this.#native.dgramRecvVec());) {
      this.#datagrams.push(datagram as Uint8Array<ArrayBuffer>);
      if (this.#datagrams.length <= this.#options.datagramQueue!) continue;
      this.#datagrams.shift();
      this.#dropped++;
    }
  }
}

/** Returns the ID of a stream (RFC 9000 §2.1). */
function streamId(kind: StreamKind, initiatorBit: 0 | 1, n: number): number {
  return n * 4 + (kind === "bidirectional" ? 0 : 2) + initiatorBit;
}
