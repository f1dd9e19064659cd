import type { EngineOptions } from "./options.ts";
import type { EndedBy, EnginePath, PathEvent, PathRefusal } from "./paths.ts";

export type { CertificateDemand, EngineOptions } from "./options.ts";
export type { EnginePath, PathEvent, PathRefusal } from "./paths.ts";

/** Reason for the end of a connection. */
export interface EngineEnd {
  readonly by: EndedBy;
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
  /** Packets go unanswered on all paths, so the connection may be broken. */
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
  /** Few connection IDs are left below the limit. Told once for each limit. */
  onCidsRunLow(): void;
  /** Something has happened to one of several paths. */
  onPath?(event: PathEvent): void;
}

/**
 * One QUIC v1 connection without I/O: packets and time in, packets and deadlines out. No method throws because of the
 * other side's packets.
 */
export interface EngineConnection {
  /**
   * Takes one datagram, from wherever: its connection ID tells its path. Returns `false` if it was of no use.
   *
   * @param ecn its two ECN bits (RFC 3168 §5); 0, the absence of a mark, if absent.
   */
  receive(datagram: Uint8Array, ecn?: number): boolean;
  /** Writes the next datagram into `buffer` and returns its length; 0 if there is none. */
  send(buffer: Uint8Array): number;
  /** ID of the path of the last datagram of {@link send}. */
  readonly sentPath: number;
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
  /**
   * Spends no probe on a path that is being repaired (RFC 9002 §6.2.1). Silence still ends the connection. It holds nothing while
   * one of several paths may be alive.
   */
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
  /**
   * Returns a key that both sides, and nobody else, derive from the handshake (RFC 8446 §7.5); empty before that is over.
   *
   * @param bytes 1 to 256.
   */
  exportKey(label: string, context: string, bytes: number): Uint8Array;
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

  /**
   * Begins to open another path, and returns its ID. Only a client opens paths. The caller has made sure that packets of it
   * arrive: the engine takes it for validated at once, and sends by it unless it is a backup.
   */
  openPath(isBackup: boolean): number | PathRefusal;
  /** Returns `false` if the path is the last one, or not open. */
  closePath(id: number): boolean;
  /** Sets whether this side sends by a path only if there is no other. Returns `false` if the path is not open. */
  setPathBackup(id: number, isBackup: boolean): boolean;
  /** Makes the next packet on a path one that the other side must acknowledge. Returns `false` if the path is not open. */
  pingPath(id: number): boolean;
  /** Returns the paths that are open or being opened, by whichever side. */
  paths(): readonly EnginePath[];

  /** Opens a stream and returns its ID; `undefined` while the other side allows no more. */
  openStream(kind: StreamKind): number | undefined;
  /**
   * Takes the oldest stream that the other side has opened; `undefined` if there is none. A stream that is not taken counts
   * against those that the other side may open.
   */
  acceptStream(kind: StreamKind): number | undefined;
  /** Sets how many streams of a kind the other side may have open at once, in place of `maxStreams`. */
  allowStreams(kind: StreamKind, count: number): void;
  /** Returns `undefined` if nothing is there now. */
  streamReceive(id: number, buffer: Uint8Array): StreamRead | StreamAborted | undefined;
  /**
   * Returns the number of bytes taken; `undefined` if none can be taken now. `fin` counts once all bytes are taken. If some were
   * not, {@link EngineListener.onWritable} follows.
   */
  streamSend(id: number, data: Uint8Array, fin: boolean): number | StreamAborted | undefined;
  /** Sends RESET_STREAM (`write`) or STOP_SENDING (`read`) with an application error code. */
  streamAbort(id: number, direction: "read" | "write", errorCode: number): void;

  /** Takes the oldest waiting datagrams: all, or as many as one call takes. */
  datagramsReceive(): Uint8Array<ArrayBuffer>[];
  /** Incoming datagrams that were dropped, as nobody took them in time. */
  datagramsDropped(): number;
  /** Returns `false` if the queue is full. The datagram must fit {@link maxDatagramBytes}. */
  datagramSend(datagram: Uint8Array): boolean;
  /** Returns 0 if the other side takes no datagrams. */
  maxDatagramBytes(): number;

  /** ms since a useful packet came from the other side, or since the beginning. */
  silentMs(): number;
  stats(): EngineStats;
}

/** An IP literal and a port, as {@link EnginePort} has them. */
export interface PortAddress {
  readonly address: string;
  readonly port: number;
}

/** What a port has received in one turn. */
export interface PortReceived {
  /**
   * By threes: the number of a connection, how many datagrams were of no use to it, and how many were detours: of another path
   * than the first, and by the relay. A detour counts as one also if it is a copy of what came before.
   */
  readonly connections: readonly number[];
  /** Datagrams that are not an attached connection's, with their two ECN bits and their source. */
  readonly others: readonly {
    readonly datagram: Buffer;
    readonly ecn: number;
    readonly from: PortAddress;
  }[];
  /** Whether there was anything, or something waits for its turn. If so, there may be more. */
  readonly isAny: boolean;
  /** Whether the system has no room for what is to be sent. */
  readonly isBlocked: boolean;
}

/** What came of sending. */
export interface PortFlush {
  readonly progress: "all" | "more" | "blocked";
  /** Whether a copy of anything went by the relay. */
  readonly isMirrored: boolean;
}

/** Counters of a port. */
export interface PortStats {
  /** Ignored datagrams from other addresses than the sources, those aside that a stranger may send. */
  readonly foreign: number;
  /** Checks of strangers that were dropped, as there were too many. */
  readonly strangersRefused: number;
  /** Datagrams that the system refused to send. */
  readonly sendFailed: number;
  /** Datagrams that were dropped as more came for a connection than there was time for. */
  readonly crowdedOut: number;
}

/** Moves datagrams of connections over UDP, many at a time. Addresses are texts as `192.0.2.1:443`. Methods throw if it has failed. */
export interface EnginePort {
  readonly address: PortAddress;
  /** Takes datagrams of any kind from these addresses alone: the relay's, and those of other peers. */
  setSources(relay: readonly string[], direct: readonly string[]): void;
  /**
   * Takes some STUN from elsewhere too: Binding requests whose first attribute is a USERNAME that begins with a tag, of 8 bytes,
   * until {@link removeTag}. A source network (IPv4 /32, IPv6 /64) may send 64 at once and 32/s, of 1024 networks at a time,
   * and all together 1000/s.
   */
  addTag(tag: string): void;
  removeTag(tag: string): void;
  /** Takes responses of STUN from these addresses, within the same limits. */
  setChecked(addresses: readonly string[]): void;
  /** Gives the connection what has one of these connection IDs, of 12 bytes each. */
  attach(ids: readonly Uint8Array[], connection: EngineConnection, number: number): void;
  detach(ids: readonly Uint8Array[]): void;
  /** Binds a further socket at a local port, which sends what goes to `remote`, until it is removed or another takes its place. */
  addSocket(localPort: number, remote: string): void;
  removeSocket(remote: string): void;
  /** @param ttl TTL or hop limit of its packet; the system's if absent. */
  send(datagram: Uint8Array, to: string, ttl?: number): void;
  /**
   * Sends what the connection has to send, as far as one turn goes: packets of the first path to `relay`, those of others to
   * `direct`, or else to `relay` too. If the system has no room, nothing is lost, and the port wakes its owner when there is some.
   *
   * @param isMirrored whether copies of what goes to `direct` go to `relay`, of datagrams that the first path has room for.
   */
  flush(
    connection: EngineConnection,
    relay: string,
    direct: string | undefined,
    isMirrored: boolean,
  ): PortFlush;
  /** Receives as much as one turn takes. All connections have their turns, however much comes for one of them. */
  drain(): PortReceived;
  /** Wakes the owner, once, when there is something to do. */
  arm(): void;
  readonly stats: PortStats;
  /** Closes the socket. Idempotent; nothing else may be called then. */
  close(): void;
}

/** A QUIC implementation. */
export interface Engine {
  /** @throws ERR_QUICPIPE_IDENTITY_INVALID if no connection could use the identity. */
  requireIdentity(identity: NonNullable<EngineOptions["identity"]>): void;
  /** @param serverName server name to request (RFC 6066 §3); none if absent. */
  connect(options: EngineOptions, serverName?: string): EngineConnection;
  /** The connection begins with the client's first datagram. */
  accept(options: EngineOptions): EngineConnection;
  /**
   * Binds a UDP port. It is armed.
   *
   * @param onWake called when it is time to drain the port, or with the fault that has ended it.
   * @throws if the system does not give the port.
   */
  bindPort(
    host: string,
    port: number,
    bufferBytes: number,
    onWake: (fault: string | undefined) => void,
  ): EnginePort;
  /** Returns how many connections of this process a fault of the engine has ended. */
  faults(): number;
}
