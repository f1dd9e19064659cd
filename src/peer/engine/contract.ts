import type { Address } from "../../wire/address.ts";

/** What TLS demands of the other side before quicpipe's own pin check. */
export type CertificateDemand =
  /** It must present a certificate, any; whoever drives the engine checks it. */
  | { readonly kind: "any" }
  /** It must present a certificate that one of these PEM certificates issued. */
  | { readonly kind: "ca"; readonly pem: string }
  /** Nothing is asked for and nothing is checked. */
  | { readonly kind: "none" };

/** How one connection is set up. */
export interface EngineOptions {
  /** Our certificate chain and private key, PEM; a server must have one, a client shows it when asked. */
  readonly identity?: { readonly certificate: string; readonly privateKey: string } | undefined;
  readonly demand: CertificateDemand;
  readonly alpn: string;
  /** ms of silence after which the connection ends; the shorter one of both sides counts (RFC 9000 §10.1). */
  readonly idleTimeoutMs: number;
  /** UDP payload to send, 1200 to 1472 bytes. */
  readonly maxUdpPayloadBytes: number;
  readonly flowWindowBytes: number;
  readonly maxStreams: number;
  readonly datagramQueue: number;
  readonly activeConnectionIdLimit: number;
}

/** Where a connection begins. */
export interface EngineStart {
  /** Our first connection ID. */
  readonly sourceId: Uint8Array;
  readonly local: Address;
  readonly remote: Address;
  /** Server name to ask for (RFC 6066 §3); none if absent. */
  readonly serverName?: string | undefined;
}

/** Why a connection ended, as one of the two sides said it in CONNECTION_CLOSE (RFC 9000 §19.19). */
export interface EngineClose {
  readonly isApplication: boolean;
  readonly errorCode: number;
  readonly reason: string;
}

/** A read from a stream: `bytes` of the buffer are filled; after `fin` nothing follows. */
export interface StreamRead {
  readonly bytes: number;
  readonly fin: boolean;
}

/** The other side ended a direction of a stream: RESET_STREAM while reading, STOP_SENDING while writing. */
export interface StreamAborted {
  readonly abortedWith: number;
}

/** Figures of one connection. */
export interface EngineStats {
  readonly packetsReceived: number;
  readonly packetsSent: number;
  readonly packetsLost: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly rttMs: number;
  readonly congestionWindowBytes: number;
}

/**
 * One QUIC v1 connection without I/O: packets and time in, packets and deadlines out. No method throws for
 * what the other side sent.
 */
export interface EngineConnection {
  /** Takes one datagram (and may overwrite its bytes); `false` if it was of no use. */
  receive(datagram: Uint8Array): boolean;
  /** Writes the next datagram into `buffer`; 0 if there is none. */
  send(buffer: Uint8Array): number;
  /** ms until {@link onTimeout} is due; `undefined` if never. */
  timeoutMs(): number | undefined;
  onTimeout(): void;
  /** ms until silence ends the connection (RFC 9000 §10.1), at least: what was sent since can put that off. */
  idleLeftMs(): number;

  isEstablished(): boolean;
  /** Whether the other side has acknowledged everything that asks for it; may err for a connection under 1 s old. */
  isQuiet(): boolean;
  /** The other side closed the connection, or it is over. */
  isDraining(): boolean;
  isClosed(): boolean;
  isTimedOut(): boolean;
  /** What the other side said on closing. */
  remoteClose(): EngineClose | undefined;
  /** Why this side closed. */
  localClose(): EngineClose | undefined;
  close(close: EngineClose): void;
  /** DER of the other side's certificate, once TLS has seen it. */
  peerCertificate(): Uint8Array | undefined;
  /** DER of all the certificates that the other side sent, its own first. */
  peerCertificates(): readonly Uint8Array[];

  /** The connection ID under which the other side is addressed now. */
  destinationId(): Uint8Array;
  /** How many more connection IDs of ours the other side can take now. */
  sourceIdsLeft(): number;
  addSourceId(cid: Uint8Array): void;
  /** Connection IDs of the other side that are still unused. */
  spareDestinationIds(): number;
  /** Moves the connection to another local label on a fresh connection ID; a path starts with a fresh RTT. */
  relabel(local: Address): void;
  /** Makes the next datagram one that the other side must acknowledge. */
  ping(): void;

  /** Streams that have something to read: data, an end or a reset. */
  readableStreams(): Iterable<number>;
  /** Streams that take data again, or that the other side refuses. */
  writableStreams(): Iterable<number>;
  /** `undefined` if nothing is there now, or the stream has yet to be opened by the other side. */
  streamReceive(id: number, buffer: Uint8Array): StreamRead | StreamAborted | undefined;
  /** How many bytes were taken; `undefined` if none can be taken now, not even an end. An end may go out later. */
  streamSend(id: number, data: Uint8Array, fin: boolean): number | StreamAborted | undefined;
  /** RESET_STREAM (`write`) or STOP_SENDING (`read`) with an application error code. */
  streamAbort(id: number, direction: "read" | "write", errorCode: number): void;
  /** Streams of a kind that this side may still open. */
  streamsLeft(kind: "bidirectional" | "unidirectional"): number;

  /** The oldest datagram that waits, or `undefined`. */
  datagramReceive(): Uint8Array | undefined;
  /** `false` if the queue is full. The datagram must fit {@link maxDatagramBytes}. */
  datagramSend(datagram: Uint8Array): boolean;
  /** 0 if the other side takes no datagrams. */
  maxDatagramBytes(): number;

  stats(): EngineStats;
}

/** A QUIC implementation. */
export interface Engine {
  connect(options: EngineOptions, start: EngineStart): EngineConnection;
  accept(options: EngineOptions, start: EngineStart): EngineConnection;
}
