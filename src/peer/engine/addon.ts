import type { EngineEnd, EnginePath, EngineStats, PortReceived, PortStats } from "./contract.ts";

/** Options as the addon takes them. */
export interface AddonOptions {
  readonly cidKey: Uint8Array;
  readonly cidLimit: number;
  readonly identity?: { readonly certificate: string; readonly privateKey: string } | undefined;
  readonly demand: { readonly kind: string; readonly pins?: readonly Uint8Array[]; readonly pem?: string };
  readonly isJudged: boolean;
  readonly alpn: readonly string[];
  readonly idleTimeoutMs: number;
  readonly flowWindowBytes: number;
  readonly connectionWindowBytes: number;
  readonly maxStreams: number;
  readonly datagramQueueBytes: number;
  readonly datagramQueue: number;
  readonly maxUdpPayloadBytes: number;
  readonly initialRttMs: number;
  readonly longFirstFlight: boolean;
  readonly maxPaths: number;
  readonly keyLogFile?: string | undefined;
  readonly qlogFolder?: string | undefined;
}

/** A connection of the addon: see `native/src/node/`, which says what the numbers mean. */
export interface AddonConnection {
  receive(datagram: Uint8Array, ecn: number): boolean;
  send(buffer: Uint8Array): number;
  firstFlight(): Uint8Array[];
  retransmit(): void;
  readonly isWaiting: boolean;
  timeoutMs(): number;
  onTimeout(): void;
  hold(): void;
  release(): void;
  judge(isTrusted: boolean): void;
  close(errorCode: number, reason: string): void;
  poll(rows: Float64Array): number;
  end(): EngineEnd | null;
  readonly isOver: boolean;
  readonly isQuiet: boolean;
  exportKey(label: string, context: string, bytes: number): Uint8Array;
  applicationProtocol(): string;
  certificates(): Uint8Array[];
  raiseCidLimit(limit: number): void;
  ping(): void;
  openStream(isBidirectional: boolean): number;
  acceptStream(isBidirectional: boolean): number;
  allowStreams(isBidirectional: boolean, count: number): void;
  streamRead(id: number, buffer: Uint8Array): number;
  streamWrite(id: number, data: Uint8Array, isEnd: boolean): number;
  streamReset(id: number, errorCode: number): void;
  streamStop(id: number, errorCode: number): void;
  datagramSend(datagram: Uint8Array): boolean;
  datagramsReceive(out: Uint8Array, ends: Uint32Array): number;
  datagramsDropped(): number;
  maxDatagramBytes(): number;
  silentMs(): number;
  stats(): EngineStats | null;
  openPath(isBackup: boolean): number;
  closePath(id: number): boolean;
  setPathBackup(id: number, isBackup: boolean): boolean;
  pingPath(id: number): boolean;
  paths(): EnginePath[];
}

/** A UDP port of the addon: see `native/src/node/port.rs`. */
export interface AddonPort {
  address(): { readonly address: string; readonly port: number };
  setSources(relay: readonly string[], direct: readonly string[]): void;
  addTag(tag: string): void;
  removeTag(tag: string): void;
  setChecked(addresses: readonly string[]): void;
  attach(ids: Uint8Array, connection: AddonConnection, number: number): void;
  detach(ids: Uint8Array): void;
  addSocket(localPort: number, remote: string): void;
  removeSocket(remote: string): void;
  send(datagram: Uint8Array, to: string, ttl: number | undefined): void;
  flush(connection: AddonConnection, relay: string, direct: string | undefined, isMirrored: boolean): number;
  drain(): PortReceived;
  arm(): void;
  stats(): PortStats;
  close(): void;
}

/** The addon, built from `native/`. */
export interface Addon {
  readonly EngineConnection: {
    connect(options: AddonOptions, serverName: string | undefined): AddonConnection;
    accept(options: AddonOptions): AddonConnection;
  };
  readonly UdpPort: {
    bind(host: string, port: number, bufferBytes: number, onWake: (fault?: string | null) => void): AddonPort;
  };
  /** Returns how many connections of this process a fault of the engine has ended. */
  engineFaults(): number;
  checkIdentity(identity: { readonly certificate: string; readonly privateKey: string }): void;
}
