import type { AddonConnection } from "./addon.ts";
import type {
  EngineConnection,
  EngineEnd,
  EngineListener,
  EngineStats,
  StreamAborted,
  StreamKind,
  StreamRead,
} from "./contract.ts";
import { tell } from "./events.ts";

/** The one way of a connection that takes all its datagrams by one path. */
const onlyWay = 0;
/** What `send` multiplies the way with. */
const wayFactor = 65_536;
/** What a read or a write comes to, if no bytes are moved. Lower numbers are error codes. */
const [blocked, gone, aborted] = [-1, -2, -3];

const noStats: EngineStats = {
  bytesSent: 0,
  bytesReceived: 0,
  bytesLost: 0,
  packetsSent: 0,
  packetsReceived: 0,
  packetsLost: 0,
  smoothedRtt: 0,
  congestionWindowBytes: 0,
};

/** A connection of the addon behind the contract. */
export class NoqConnection implements EngineConnection {
  readonly #connection: AddonConnection;

  constructor(connection: AddonConnection) {
    this.#connection = connection;
  }

  receive(datagram: Uint8Array): boolean {
    return this.#connection.receive(datagram, onlyWay);
  }

  send(buffer: Uint8Array): number {
    return this.#connection.send(buffer) % wayFactor;
  }

  timeoutMs(): number | undefined {
    const timeoutMs = this.#connection.timeoutMs();
    return timeoutMs < 0 ? undefined : timeoutMs;
  }

  onTimeout(): void {
    this.#connection.onTimeout();
  }

  poll(listener: EngineListener): void {
    tell(this.#connection, listener);
  }

  firstFlight(): Uint8Array[] {
    return this.#connection.firstFlight();
  }

  retransmit(): void {
    this.#connection.retransmit();
  }

  get isWaiting(): boolean {
    return this.#connection.isWaiting;
  }

  hold(): void {
    this.#connection.hold();
  }

  release(): void {
    this.#connection.release();
  }

  judge(isTrusted: boolean): void {
    this.#connection.judge(isTrusted);
  }

  certificates(): readonly Uint8Array[] {
    return this.#connection.certificates();
  }

  applicationProtocol(): string {
    return this.#connection.applicationProtocol();
  }

  close(errorCode: number, reason: string): void {
    this.#connection.close(errorCode, reason);
  }

  end(): EngineEnd | undefined {
    return this.#connection.end() ?? undefined;
  }

  get isOver(): boolean {
    return this.#connection.isOver;
  }

  get isQuiet(): boolean {
    return this.#connection.isQuiet;
  }

  raiseCidLimit(limit: number): void {
    this.#connection.raiseCidLimit(limit);
  }

  ping(): void {
    this.#connection.ping();
  }

  openStream(kind: StreamKind): number | undefined {
    const id = this.#connection.openStream(kind === "bidirectional");
    return id < 0 ? undefined : id;
  }

  acceptStream(kind: StreamKind): number | undefined {
    const id = this.#connection.acceptStream(kind === "bidirectional");
    return id < 0 ? undefined : id;
  }

  streamReceive(id: number, buffer: Uint8Array): StreamRead | StreamAborted | undefined {
    const result = this.#connection.streamRead(id, buffer);
    return result >= 0 ? { bytes: Math.floor(result / 2), fin: result % 2 === 1 } : abortOf(result);
  }

  streamSend(id: number, data: Uint8Array, fin: boolean): number | StreamAborted | undefined {
    const result = this.#connection.streamWrite(id, data, fin);
    return result >= 0 ? Math.floor(result / 2) : abortOf(result);
  }

  streamAbort(id: number, direction: "read" | "write", errorCode: number): void {
    if (direction === "read") this.#connection.streamStop(id, errorCode);
    else this.#connection.streamReset(id, errorCode);
  }

  datagramReceive(): Uint8Array<ArrayBuffer> | undefined {
    return this.#connection.datagramReceive() ?? undefined;
  }

  datagramsDropped(): number {
    return this.#connection.datagramsDropped();
  }

  datagramSend(datagram: Uint8Array): boolean {
    return this.#connection.datagramSend(datagram);
  }

  maxDatagramBytes(): number {
    return this.#connection.maxDatagramBytes();
  }

  stats(): EngineStats {
    return this.#connection.stats() ?? noStats;
  }
}

/** A stream that is gone has ended before, or ends with the connection, which tells why. */
function abortOf(result: number): StreamAborted | undefined {
  return result === blocked || result === gone ? undefined : { abortedWith: aborted - result };
}
