import type { Address } from "../../wire/address.ts";

/** The demand on the other side's certificate in TLS, before quicpipe's own pin check. */
export type CertificateDemand =
  /** The other side must present a certificate. TLS accepts any; quicpipe's own check decides on it. */
  | { readonly kind: "any" }
  /** The other side must present a certificate that one of these PEM certificates issued. */
  | { readonly kind: "ca"; readonly pem: string }
  /** No certificate is requested or checked. */
  | { readonly kind: "none" };

/** Options of one connection. */
export interface EngineOptions {
  /** Certificate chain and private key of this side, PEM. Required for a server; a client presents it on request. */
  readonly identity?: { readonly certificate: string; readonly privateKey: string } | undefined;
  readonly demand: CertificateDemand;
  /** Application protocols, in the order of preference (RFC 7301). The client's order decides. */
  readonly alpn: readonly string[];
  /** Silence after which the connection ends, in ms. The shorter one of both sides counts (RFC 9000 §10.1). */
  readonly idleTimeoutMs: number;
  /** Size of UDP payloads to send, 1200 to 1472 bytes. */
  readonly maxUdpPayloadBytes: number;
  /** Flow control window of each stream, in bytes; also that of the connection unless `connectionWindowBytes` differs. */
  readonly flowWindowBytes: number;
  /** Flow control window of the connection, in bytes; `flowWindowBytes` if absent. */
  readonly connectionWindowBytes?: number;
  /** Streams of each kind that the other side may have open. */
  readonly maxStreams: number;
  /** Datagrams (RFC 9221) queued in each direction. */
  readonly datagramQueue: number;
  /** Connection IDs accepted from the other side at a time (RFC 9000 §18.2). */
  readonly activeConnectionIdLimit: number;
}

/** Start of a connection. */
export interface EngineStart {
  /** First connection ID of this side. */
  readonly sourceId: Uint8Array;
  readonly local: Address;
  readonly remote: Address;
  /** Server name to request (RFC 6066 §3); none if absent. */
  readonly serverName?: string | undefined;
}

/** Reason for the end of a connection, as one side gave it in CONNECTION_CLOSE (RFC 9000 §19.19). */
export interface EngineClose {
  readonly isApplication: boolean;
  readonly errorCode: number;
  readonly reason: string;
}

/** A read from a stream. It fills `bytes` of the buffer; nothing follows after `fin`. */
export interface StreamRead {
  readonly bytes: number;
  readonly fin: boolean;
}

/** The other side ended a direction of a stream: RESET_STREAM while reading, STOP_SENDING while writing. */
export interface StreamAborted {
  readonly abortedWith: number;
}

/** Figures of one connection, by W3C's names where it has them. */
export interface EngineStats {
  /** Bytes of QUIC packets, without UDP headers; with retransmissions. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly bytesLost: number;
  readonly packetsSent: number;
  readonly packetsReceived: number;
  /** Sent packets that were declared lost (RFC 9002 §6.1). */
  readonly packetsLost: number;
  /** Smoothed round-trip time in whole ms (RFC 9002 §5.3); 0 below 1 ms and before the first sample. */
  readonly smoothedRtt: number;
  readonly congestionWindowBytes: number;
}

/**
 * One QUIC v1 connection without I/O: packets and time in, packets and deadlines out. No method throws because of the
 * other side's packets.
 */
export interface EngineConnection {
  /** Takes one datagram, and may overwrite its bytes. Returns `false` if it was of no use. */
  receive(datagram: Uint8Array): boolean;
  /** Writes the next datagram into `buffer` and returns its length; 0 if there is none. */
  send(buffer: Uint8Array): number;
  /** Returns the ms until {@link onTimeout} is due; `undefined` if never. */
  timeoutMs(): number | undefined;
  onTimeout(): void;
  /** Returns the minimum ms until silence ends the connection (RFC 9000 §10.1). Packets sent since can defer the end. */
  idleLeftMs(): number;

  isEstablished(): boolean;
  /** The application protocol that both sides agreed on (RFC 7301); empty before the handshake is over. */
  applicationProtocol(): string;
  /** Reports whether the other side has acknowledged every ack-eliciting packet. May err on a connection under 1 s old. */
  isQuiet(): boolean;
  /** Reports whether the other side closed the connection, or it is over. */
  isDraining(): boolean;
  isClosed(): boolean;
  /** The CONNECTION_CLOSE of the other side. */
  remoteClose(): EngineClose | undefined;
  /** The reason for which this side closed. */
  localClose(): EngineClose | undefined;
  close(close: EngineClose): void;
  /** DER of the other side's certificate, once TLS has seen it. */
  peerCertificate(): Uint8Array | undefined;
  /** DER of all certificates that the other side sent, its own first. */
  peerCertificates(): readonly Uint8Array[];

  /** The connection ID with which packets are now addressed to the other side. */
  destinationId(): Uint8Array;
  /** Returns how many more connection IDs of this side the other side can take now. */
  sourceIdsLeft(): number;
  addSourceId(cid: Uint8Array): void;
  /** Returns how many connection IDs of the other side are still unused. */
  spareDestinationIds(): number;
  /** Moves the connection to another local label and a fresh connection ID. The new path has no RTT sample. */
  relabel(local: Address): void;
  /** Makes the next packet one that the other side must acknowledge. */
  ping(): void;

  /** Streams with something to read: data, an end or a reset. */
  readableStreams(): Iterable<number>;
  /** Streams that take data again, or that the other side has stopped. */
  writableStreams(): Iterable<number>;
  /** Returns `undefined` if nothing is there now, or if the other side has yet to open the stream. */
  streamReceive(id: number, buffer: Uint8Array): StreamRead | StreamAborted | undefined;
  /** Returns the number of bytes taken; `undefined` if none can be taken now, not even an end. An end may go out later. */
  streamSend(id: number, data: Uint8Array, fin: boolean): number | StreamAborted | undefined;
  /** Sends RESET_STREAM (`write`) or STOP_SENDING (`read`) with an application error code. */
  streamAbort(id: number, direction: "read" | "write", errorCode: number): void;
  /** Returns how many streams of a kind this side may still open. */
  streamsLeft(kind: "bidirectional" | "unidirectional"): number;

  /** Returns the oldest waiting datagram, or `undefined`. */
  datagramReceive(): Uint8Array<ArrayBuffer> | undefined;
  /** Returns `false` if the queue is full. The datagram must fit {@link maxDatagramBytes}. */
  datagramSend(datagram: Uint8Array): boolean;
  /** Returns 0 if the other side takes no datagrams. */
  maxDatagramBytes(): number;

  stats(): EngineStats;
}

/** A QUIC implementation. */
export interface Engine {
  connect(options: EngineOptions, start: EngineStart): EngineConnection;
  accept(options: EngineOptions, start: EngineStart): EngineConnection;
}
