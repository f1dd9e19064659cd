import { randomBytes } from "node:crypto";
import type { Address } from "../../wire/address.ts";
import type {
  EngineClose,
  EngineConnection,
  EngineStart,
  EngineStats,
  StreamAborted,
  StreamRead,
} from "./contract.ts";
import { StreamEnds } from "./ends.ts";
import { abortedBy, attempt, closeOf } from "./result.ts";

/** quiche through `@matrixai/quic`. */
export type Quiche = (typeof import("@matrixai/quic/native/quiche.js"))["default"];
type Connection = ReturnType<Quiche["Connection"]["connect"]>;

/** An address as the engine has it. */
export interface HostPort {
  host: string;
  port: number;
}

/** Converts an address for the engine. */
export function hostPort({ address, port }: Address): HostPort {
  return { host: address, port };
}

const shutdownRead = 0;
const shutdownWrite = 1;
const nothing = new Uint8Array();

/** One quiche connection behind the contract. */
export class QuicheConnection implements EngineConnection {
  readonly #connection: Connection;
  readonly #remote: HostPort;
  readonly #idleTimeoutMs: number;
  readonly #receiveInfo: { from: HostPort; to: HostPort };
  readonly #ends: StreamEnds = new StreamEnds();
  #heardAtMs = performance.now();
  /** Whether the engine has probed since the last datagram came. */
  #hasProbed = false;

  constructor(connection: Connection, start: EngineStart, idleTimeoutMs: number) {
    this.#connection = connection;
    this.#idleTimeoutMs = idleTimeoutMs;
    this.#remote = hostPort(start.remote);
    this.#receiveInfo = { from: this.#remote, to: hostPort(start.local) };
  }

  receive(datagram: Uint8Array): boolean {
    const nowMs = performance.now();
    try {
      this.#connection.recv(datagram, this.#receiveInfo);
      this.#heardAtMs = nowMs;
      this.#hasProbed = false;
      if (!this.#ends.isEmpty) this.#ends.onReceive(nowMs, this.#roundTripMs());
      return true;
    } catch {
      // A hostile packet, or one that ended the connection; in that case `localClose` gives the reason.
      return false;
    }
  }

  send(buffer: Uint8Array): number {
    const length = this.#sendPacket(buffer);
    return length > 0 || !this.#releaseEnds() ? length : this.#sendPacket(buffer);
  }

  timeoutMs(): number | undefined {
    return this.#ends.mayResume ? 0 : (this.#connection.timeout() ?? undefined);
  }

  onTimeout(): void {
    this.#ends.resumed();
    const isDue = this.#connection.timeout() === 0;
    const { lost } = this.#connection.stats();
    this.#connection.onTimeout();
    // Either the engine declares packets lost, or it probes (RFC 9002 §6.2.1). Or less than a millisecond was left,
    // which it reports as 0, and still does.
    const hasGoneOff = isDue && this.#connection.timeout() !== 0;
    this.#hasProbed ||= hasGoneOff && this.#connection.stats().lost === lost;
  }

  idleLeftMs(): number {
    const theirsMs = this.#connection.stats().peerMaxIdleTimeout || this.#idleTimeoutMs;
    return this.#heardAtMs + Math.min(theirsMs, this.#idleTimeoutMs) - performance.now();
  }

  isEstablished(): boolean {
    return this.#connection.isEstablished();
  }

  applicationProtocol(): string {
    return Buffer.from(this.#connection.applicationProto()).toString();
  }

  isQuiet(): boolean {
    return !this.#ends.areWaiting && this.#isNothingInFlight();
  }

  isDraining(): boolean {
    return this.#connection.isDraining() || this.#connection.isClosed();
  }

  isClosed(): boolean {
    return this.#connection.isClosed();
  }

  remoteClose(): EngineClose | undefined {
    return closeOf(this.#connection.peerError());
  }

  localClose(): EngineClose | undefined {
    return closeOf(this.#connection.localError());
  }

  close({ isApplication, errorCode, reason }: EngineClose): void {
    // Throws only "done", for a connection that is already closing.
    attempt(() => this.#connection.close(isApplication, errorCode, Buffer.from(reason)));
  }

  peerCertificate(): Uint8Array | undefined {
    return this.peerCertificates()[0];
  }

  peerCertificates(): readonly Uint8Array[] {
    return this.#connection.peerCertChain() ?? [];
  }

  destinationId(): Uint8Array {
    return this.#connection.destinationId();
  }

  sourceIdsLeft(): number {
    return this.#connection.sourceCidsLeft();
  }

  addSourceId(cid: Uint8Array): void {
    const resetToken = BigInt(`0x${randomBytes(16).toString("hex")}`);
    this.#connection.newSourceCid(cid, resetToken, false);
  }

  spareDestinationIds(): number {
    return this.#connection.availableDcids();
  }

  relabel(local: Address): void {
    this.#connection.migrate(hostPort(local), this.#remote);
    this.#receiveInfo.to = hostPort(local);
  }

  ping(): void {
    this.#connection.sendAckEliciting();
  }

  readableStreams(): Iterable<number> {
    return this.#connection.readable() as Iterable<number>;
  }

  writableStreams(): Iterable<number> {
    return this.#connection.writable() as Iterable<number>;
  }

  streamReceive(id: number, buffer: Uint8Array): StreamRead | StreamAborted | undefined {
    if (this.#ends.delaysRead(id)) return undefined;
    try {
      const read = this.#connection.streamRecv(id, buffer);
      if (read) return { bytes: read[0], fin: read[1] };
      // quiche 0.18 notes an end that was lost and retransmitted with data already read, but does not list the stream
      // as readable, and a read does not return the end.
      return this.#connection.streamFinished(id) ? { bytes: 0, fin: true } : undefined;
    } catch (error) {
      return abortedBy(error) ?? (this.#isForgotten(id) ? { bytes: 0, fin: true } : undefined);
    }
  }

  streamSend(id: number, data: Uint8Array, fin: boolean): number | StreamAborted | undefined {
    const isEndAlone = fin && data.length === 0 && !this.#ends.hasCompany(id);
    try {
      const taken = this.#connection.streamSend(id, data, fin && !isEndAlone) ?? undefined;
      if (taken) this.#ends.wrote(id);
      if (isEndAlone && taken === 0) this.#ends.wait(id, performance.now());
      return taken;
    } catch (error) {
      return abortedBy(error);
    }
  }

  streamAbort(id: number, direction: "read" | "write", errorCode: number): void {
    const shutdown = direction === "read" ? shutdownRead : shutdownWrite;
    // Throws only "done" and "no such stream", for a direction that has already ended.
    attempt(() => this.#connection.streamShutdown(id, shutdown, errorCode));
  }

  streamsLeft(kind: "bidirectional" | "unidirectional"): number {
    return kind === "bidirectional"
      ? this.#connection.peerStreamsLeftBidi()
      : this.#connection.peerStreamsLeftUni();
  }

  datagramReceive(): Uint8Array<ArrayBuffer> | undefined {
    // The library's types leave open whether the memory is shared; it is not.
    return (this.#connection.dgramRecvVec() as Uint8Array<ArrayBuffer> | null) ?? undefined;
  }

  datagramSend(datagram: Uint8Array): boolean {
    if (this.#connection.isDgramSendQueueFull()) return false;
    this.#connection.dgramSend(datagram);
    return true;
  }

  maxDatagramBytes(): number {
    return this.#connection.dgramMaxWritableLen() ?? 0;
  }

  stats(): EngineStats {
    const total = this.#connection.stats();
    const path = this.#connection.pathStats().find((each) => each.active);
    return {
      packetsReceived: total.recv,
      packetsSent: total.sent,
      packetsLost: total.lost,
      bytesLost: total.lostBytes,
      bytesReceived: total.recvBytes,
      bytesSent: total.sentBytes,
      smoothedRtt: path?.rtt ?? 0,
      congestionWindowBytes: path?.cwnd ?? 0,
    };
  }

  #sendPacket(buffer: Uint8Array): number {
    this.#ends.onSend();
    return attempt(() => this.#connection.send(buffer))?.[0] ?? 0;
  }

  #releaseEnds(): boolean {
    if (this.#ends.isEmpty) return false;
    const isNothingInFlight = this.#isNothingInFlight();
    const released = this.#ends.release(isNothingInFlight, performance.now(), this.#roundTripMs());
    // Throws for a stream that the other side stopped, which needs no end.
    for (const id of released) attempt(() => this.#connection.streamSend(id, nothing, true));
    return released.length > 0;
  }

  /** Returns how long an acknowledgement may take, in ms (RFC 9002 §5). */
  #roundTripMs(): number {
    return this.stats().smoothedRtt + this.#connection.stats().peerMaxAckDelay;
  }

  /** Reports whether the engine has forgotten a stream: it ended both ways in the packet that made it known. */
  #isForgotten(id: number): boolean {
    // Returns null ("done") for a stream that is gone. Throws for one that the other side has yet to open.
    return attempt(() => this.#connection.streamSend(id, nothing, false)) === null;
  }

  #isNothingInFlight(): boolean {
    // The binding does not report bytes in flight. While there are any, the loss detection timer runs (RFC 9002 §6.2)
    // and is due before the idle timer. It reaches that length only after probes in vain, which `#hasProbed` excludes.
    return !this.#hasProbed && (this.#connection.timeout() ?? Infinity) >= Math.floor(this.idleLeftMs());
  }
}
