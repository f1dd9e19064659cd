import type { AddonConnection } from "./addon.ts";
import type {
  EngineConnection,
  EngineEnd,
  EngineListener,
  EnginePath,
  EngineStats,
  PathRefusal,
  StreamAborted,
  StreamKind,
  StreamRead,
} from "./contract.ts";
import { tell } from "./events.ts";

/** What `send` multiplies the path with. */
const pathFactor = 65_536;
/** What a read or a write comes to, if no bytes are moved. Lower numbers are error codes. */
const [blocked, gone, aborted] = [-1, -2, -3];
/** What `openPath` comes to, if no path is opened: -1 and on. */
const refusals: readonly PathRefusal[] = ["no-multipath", "server", "limit", "no-connection-ids"];

/** Room for one call's datagrams, of which any fits, and for the end of each. */
const datagramRoom = new Uint8Array(65_536);
const datagramEnds = new Uint32Array(64);

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
  /** For the port of the addon. */
  readonly addon: AddonConnection;
  #sentPath = 0;

  constructor(connection: AddonConnection) {
    this.addon = connection;
  }

  receive(datagram: Uint8Array, ecn = 0): boolean {
    return this.addon.receive(datagram, ecn);
  }

  send(buffer: Uint8Array): number {
    const sent = this.addon.send(buffer);
    if (sent > 0) this.#sentPath = Math.floor(sent / pathFactor);
    return sent % pathFactor;
  }

  get sentPath(): number {
    return this.#sentPath;
  }

  timeoutMs(): number | undefined {
    const timeoutMs = this.addon.timeoutMs();
    return timeoutMs < 0 ? undefined : timeoutMs;
  }

  onTimeout(): void {
    this.addon.onTimeout();
  }

  poll(listener: EngineListener): void {
    tell(this.addon, listener);
  }

  firstFlight(): Uint8Array[] {
    return this.addon.firstFlight();
  }

  retransmit(): void {
    this.addon.retransmit();
  }

  get isWaiting(): boolean {
    return this.addon.isWaiting;
  }

  hold(): void {
    this.addon.hold();
  }

  release(): void {
    this.addon.release();
  }

  judge(isTrusted: boolean): void {
    this.addon.judge(isTrusted);
  }

  certificates(): readonly Uint8Array[] {
    return this.addon.certificates();
  }

  exportKey(label: string, context: string, bytes: number): Uint8Array {
    return this.addon.exportKey(label, context, bytes);
  }

  applicationProtocol(): string {
    return this.addon.applicationProtocol();
  }

  close(errorCode: number, reason: string): void {
    this.addon.close(errorCode, reason);
  }

  end(): EngineEnd | undefined {
    return this.addon.end() ?? undefined;
  }

  get isOver(): boolean {
    return this.addon.isOver;
  }

  get isQuiet(): boolean {
    return this.addon.isQuiet;
  }

  raiseCidLimit(limit: number): void {
    this.addon.raiseCidLimit(limit);
  }

  ping(): void {
    this.addon.ping();
  }

  openPath(isBackup: boolean): number | PathRefusal {
    const id = this.addon.openPath(isBackup);
    return id < 0 ? refusals[-1 - id]! : id;
  }

  closePath(id: number): boolean {
    return this.addon.closePath(id);
  }

  setPathBackup(id: number, isBackup: boolean): boolean {
    return this.addon.setPathBackup(id, isBackup);
  }

  pingPath(id: number): boolean {
    return this.addon.pingPath(id);
  }

  paths(): readonly EnginePath[] {
    return this.addon.paths();
  }

  openStream(kind: StreamKind): number | undefined {
    const id = this.addon.openStream(kind === "bidirectional");
    return id < 0 ? undefined : id;
  }

  acceptStream(kind: StreamKind): number | undefined {
    const id = this.addon.acceptStream(kind === "bidirectional");
    return id < 0 ? undefined : id;
  }

  allowStreams(kind: StreamKind, count: number): void {
    this.addon.allowStreams(kind === "bidirectional", count);
  }

  streamReceive(id: number, buffer: Uint8Array): StreamRead | StreamAborted | undefined {
    const result = this.addon.streamRead(id, buffer);
    return result >= 0 ? { bytes: Math.floor(result / 2), fin: result % 2 === 1 } : abortOf(result);
  }

  streamSend(id: number, data: Uint8Array, fin: boolean): number | StreamAborted | undefined {
    const result = this.addon.streamWrite(id, data, fin);
    return result >= 0 ? Math.floor(result / 2) : abortOf(result);
  }

  streamAbort(id: number, direction: "read" | "write", errorCode: number): void {
    if (direction === "read") this.addon.streamStop(id, errorCode);
    else this.addon.streamReset(id, errorCode);
  }

  datagramsReceive(): Uint8Array<ArrayBuffer>[] {
    const count = this.addon.datagramsReceive(datagramRoom, datagramEnds);
    // Copies, as the next call writes to the same memory.
    return Array.from(datagramEnds.subarray(0, count), (end, at) =>
      datagramRoom.slice(at > 0 ? datagramEnds[at - 1] : 0, end),
    );
  }

  datagramsDropped(): number {
    return this.addon.datagramsDropped();
  }

  datagramSend(datagram: Uint8Array): boolean {
    return this.addon.datagramSend(datagram);
  }

  maxDatagramBytes(): number {
    return this.addon.maxDatagramBytes();
  }

  silentMs(): number {
    return this.addon.silentMs();
  }

  stats(): EngineStats {
    return this.addon.stats() ?? noStats;
  }
}

/** A stream that is gone has ended before, or ends with the connection, which tells why. */
function abortOf(result: number): StreamAborted | undefined {
  return result === blocked || result === gone ? undefined : { abortedWith: aborted - result };
}
