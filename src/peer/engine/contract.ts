/** The demand on the other side's certificate in TLS. */
export type CertificateDemand =
  /** A certificate, any. With `isJudged`, packets wait for a judgement of it. */
  | { readonly kind: "any" }
  /** A certificate whose key has one of these pins: the SHA-256 of its SubjectPublicKeyInfo. */
  | { readonly kind: "pins"; readonly pins: readonly Uint8Array[] }
  /** A certificate that one of these PEM certificates issued, or that is one of them. */
  | { readonly kind: "ca"; readonly pem: string }
  /** No certificate is requested of a client, and any of a server will do. */
  | { readonly kind: "none" };

/** Options of one connection. */
export interface EngineOptions {
  /** Key of this side's connection IDs, 16 to 64 bytes. They are those of the numbers 1, 2, 3 … of the key. */
  readonly cidKey: Uint8Array;
  /** How many of them may be used, until {@link EngineConnection.raiseCidLimit}. */
  readonly cidLimit: number;
  /** Certificate chain and private key of this side, PEM. Required for a server; a client presents it on request. */
  readonly identity?: { readonly certificate: string; readonly privateKey: string } | undefined;
  readonly demand: CertificateDemand;
  /** Whether packets wait, once the other side's certificate is known, until {@link EngineConnection.judge}. */
  readonly isJudged: boolean;
  /** Application protocols, in the order of preference (RFC 7301). */
  readonly alpn: readonly string[];
  /** Silence after which the connection ends, in ms. The shorter one of both sides counts (RFC 9000 §10.1). */
  readonly idleTimeoutMs: number;
  /** Largest UDP payload to send, 1200 to 1472 bytes. Packets grow to it as far as probes arrive (RFC 8899). */
  readonly maxUdpPayloadBytes: number;
  readonly flowWindowBytes: number;
  /** Flow control window of the connection, if it differs from that of each stream. */
  readonly connectionWindowBytes?: number;
  readonly maxStreams: number;
  /** Bytes of datagrams that wait in either direction. */
  readonly datagramQueueBytes: number;
  /** Incoming datagrams that wait; none if absent. Of more, the oldest are dropped. */
  readonly datagramQueue?: number;
}

/** Reason for the end of a connection. */
export interface EngineEnd {
  /** Who ended it; `silence` if nothing came for too long (RFC 9000 §10.1). */
  readonly by: "this" | "other" | "silence";
  /** Whether the code is the application's or QUIC's (RFC 9000 §19.19). */
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

/** The kinds of streams (RFC 9000 §2.1). */
export type StreamKind = "bidirectional" | "unidirectional";

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
  /** Round-trip time in ms (RFC 9002 §5.3). */
  readonly smoothedRtt: number;
  readonly congestionWindowBytes: number;
}

/** What happens to a connection. Called by {@link EngineConnection.poll}. */
export interface EngineListener {
  /** The handshake is complete on this side. */
  onEstablished(): void;
  /** The other side has completed it too (RFC 9001 §4.1.2). */
  onConfirmed(): void;
  /** The other side's certificate is there to be judged. */
  onPresented(): void;
  /** The connection is over: {@link EngineConnection.end} has the reason. */
  onEnded(): void;
  /** Packets go unanswered, so the path may be broken. */
  onStalled(): void;
  /** The other side has opened streams, for {@link EngineConnection.acceptStream}. */
  onOpened(kind: StreamKind): void;
  /** There is something to read: data, an end or a reset. */
  onReadable(id: number): void;
  /** The stream takes data again. */
  onWritable(id: number): void;
  /** The other side no longer reads the stream. */
  onStopped(id: number, errorCode: number): void;
  /** The other side allows more streams. */
  onAllowed(kind: StreamKind): void;
  /** Datagrams have come, or there is room to send some. */
  onDatagrams(): void;
}

/**
 * One QUIC v1 connection without I/O: packets and time in, packets and deadlines out. No method throws because of the
 * other side's packets.
 */
export interface EngineConnection {
  /** Takes one datagram. Returns `false` if it was of no use. */
  receive(datagram: Uint8Array): boolean;
  /** Writes the next datagram into `buffer` and returns its length; 0 if there is none. */
  send(buffer: Uint8Array): number;
  /** Returns the ms until {@link onTimeout} is due; `undefined` if never. */
  timeoutMs(): number | undefined;
  onTimeout(): void;
  /** Tells the listener what has happened since the last call. */
  poll(listener: EngineListener): void;

  /**
   * Returns a client's first flight, for the caller to deliver. Time stands still for the connection until something of use
   * comes, as the delay of the delivery is neither loss nor a round trip.
   */
  firstFlight(): Uint8Array[];
  /** Lets time go on from the moment when the first flight counts as lost. */
  retransmit(): void;
  /** Whether nothing of use has come since {@link firstFlight}. */
  readonly isWaiting: boolean;
  /** Spends no probe on a path that is being repaired (RFC 9002 §6.2.1). Silence still ends the connection. */
  hold(): void;
  /** Ends a {@link hold}. What is overdue is due now. */
  release(): void;

  /**
   * Lets packets go out to a trusted peer, or closes with 0x12a (RFC 9001 §4.8: bad_certificate) as an application's code. What a
   * client closes in the handshake reads APPLICATION_ERROR to the server (RFC 9000 §10.2.3).
   */
  judge(isTrusted: boolean): void;
  /** DER of the certificates that the other side presented, trusted or not, its own first. */
  certificates(): readonly Uint8Array[];
  /** The application protocol that both sides agreed on (RFC 7301); empty before the handshake is over. */
  applicationProtocol(): string;

  /** Closes with an application's error code. In the handshake the other side learns no more than that (RFC 9000 §10.2.3). */
  close(errorCode: number, reason: string): void;
  /** Returns the reason for the end; `undefined` before it. */
  end(): EngineEnd | undefined;
  /** Whether nothing is left to send or to wait for. */
  readonly isOver: boolean;
  /** Whether the other side has acknowledged all that it has to. */
  readonly isQuiet: boolean;

  raiseCidLimit(limit: number): void;
  /** Makes the next packet one that the other side must acknowledge. */
  ping(): void;

  /** Opens a stream and returns its ID; `undefined` while the other side allows no more. */
  openStream(kind: StreamKind): number | undefined;
  /**
   * Takes the oldest stream that the other side has opened; `undefined` if there is none. A stream that is not taken counts
   * against those that the other side may open.
   */
  acceptStream(kind: StreamKind): number | undefined;
  /** Returns `undefined` if nothing is there now. */
  streamReceive(id: number, buffer: Uint8Array): StreamRead | StreamAborted | undefined;
  /** Returns the number of bytes taken; `undefined` if none can be taken now. `fin` counts once all bytes are taken. */
  streamSend(id: number, data: Uint8Array, fin: boolean): number | StreamAborted | undefined;
  /** Sends RESET_STREAM (`write`) or STOP_SENDING (`read`) with an application error code. */
  streamAbort(id: number, direction: "read" | "write", errorCode: number): void;

  /** Returns the oldest waiting datagram, or `undefined`. */
  datagramReceive(): Uint8Array<ArrayBuffer> | undefined;
  /** Incoming datagrams that were dropped, as nobody took them in time. */
  datagramsDropped(): number;
  /** Returns `false` if the queue is full. The datagram must fit {@link maxDatagramBytes}. */
  datagramSend(datagram: Uint8Array): boolean;
  /** Returns 0 if the other side takes no datagrams. */
  maxDatagramBytes(): number;

  stats(): EngineStats;
}

/** A QUIC implementation. */
export interface Engine {
  /** @param serverName server name to request (RFC 6066 §3); none if absent. */
  connect(options: EngineOptions, serverName?: string): EngineConnection;
  /** The connection begins with the client's first datagram. */
  accept(options: EngineOptions): EngineConnection;
  /** Returns how many connections of this process a fault of the engine has ended. */
  faults(): number;
}
