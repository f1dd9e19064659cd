import type { Address, PeerAddress } from "../wire/address.ts";
import type { XdpOption, XdpStatus } from "../xdp/index.ts";

/** Handle of a session in the data plane: a small integer, reused after the session ends. */
export type SessionId = number;

/** Handle of a token bucket in the data plane: a small integer, reused after the bucket is closed. */
export type BucketId = number;

/** A registration as the data plane knows it. */
export interface SessionSpec {
  /** Connection IDs that lead to this session, 12 bytes each, back to back. */
  readonly cids: Uint8Array;
  /** Destination of its packets, and the source that it pays for; `null` until proven. */
  readonly address: PeerAddress | null;
  /** USERNAME of its STUN requests while it is open; absent if it has none. */
  readonly username?: string | undefined;
  /** Open bucket that packets from its address draw from, shared with the subject's other sessions. */
  readonly bucket: BucketId;
  /** End of life, in ms since the epoch. After it the session forwards nothing, swept or not. */
  readonly expiresAtMs: number;
}

/** The initial route of a dial: an initial DCID that leads to a session until the accepter's own CIDs take over. */
export interface InitialRoute {
  /** 8 to 20 bytes. */
  readonly destinationId: Uint8Array;
  /** The accepter. */
  readonly to: SessionId;
  /** The dialer: only packets from this session's current address follow the route. */
  readonly from: SessionId;
  /** ms since the epoch. */
  readonly expiresAtMs: number;
}

/** Counters of a session since it was opened. */
export interface SessionCounters {
  /** Traffic from the session's peer that the relay forwarded. */
  readonly packetsFrom: number;
  readonly bytesFrom: number;
  /** Traffic that the relay forwarded to the session's peer. */
  readonly packetsTo: number;
  readonly bytesTo: number;
  /** Packets that its token bucket refused. */
  readonly packetsLimited: number;
  /** Packets to it that the kernel forwarded. */
  readonly packetsOffloaded: number;
  /** Packets for it that came while its address was not known. */
  readonly packetsNoAddress: number;
  /** Packets from it that were for its own address. */
  readonly packetsToItself: number;
  /** Time of the first packet let through to or from it, in ms since the epoch; `null` if none. */
  readonly firstForwardedAtMs: number | null;
}

/** Why the data plane dropped a datagram. Each reason has a counter, and each counter a test. */
export type DropReason =
  | "empty" // a datagram without payload
  | "source-unregistered" // a relayed CID, but the sender's address belongs to no live registration
  | "rate-limited" // the sender's token bucket is empty
  | "source-is-destination" // a peer that sends to itself
  | "session-expired" // the CID's registration has ended and is not swept yet
  | "no-address" // the registration has no proven address yet
  | "no-route" // a peer's long header to a DCID that is not registered and has no initial route
  | "initial-route-taken" // not a packet, but an initial route that was not made because another dial has its DCID
  | "send-failed" // the system refused the datagram (unreachable, too long)
  | "send-buffer-full" // the public socket has no room: relayed packets are dropped, never queued without bound
  | "no-upstream" // a gateway datagram, but no gateway is configured
  | "gateway-no-opening" // from a new address, and neither begins a QUIC connection nor continues one
  | "gateway-full" // too many gateway clients
  | "gateway-rate" // new gateway clients come faster than allowed
  | "gateway-share" // too many gateway clients of one IPv4 address or IPv6 /64
  | "gateway-stranger-rate" // short headers of unknown connections come faster than allowed
  | "gateway-share-rate" // new gateway clients of one IPv4 address or IPv6 /64 come faster than allowed
  | "gateway-send-failed" // sending to the gateway or its client failed
  | "gateway-too-long" // longer than the link to the client takes, as a probe of the gateway for the path's MTU is
  | "gateway-stray" // on the gateway's side, but for a client that is gone, or not from the gateway (native)
  | "stun-unanswered"; // a STUN message without an answer; `ForwarderStats.stun` says why

/** Why a STUN message got its answer, or none. */
export type StunOutcome =
  | "answered" // Binding success: the registration is moved or renewed, or the request was public
  | "repeated" // the same transaction again: the same answer, and nothing changes
  | "unmoved" // Binding success for a request that asks for no move
  | "challenged" // 401 or 438 with a nonce
  | "outdated" // 438: its nonce is older than a later proof, or was used too often
  | "rejected" // 400, 403, 420, or 401 for credentials that are wrong
  | "malformed" // not a Binding request, too long for a client's, or with attributes that do not parse
  | "too-short" // shorter than its reply would be, which would make a reflector
  | "anonymous" // no credentials, and public STUN is off
  | "rate-limited" // no registration pays for it, and its source has sent too many
  | "flooded" // the same, but all sources together have sent too many of its kind
  | "over-share" // its subject, or all sources with its kind, have used up their share of the queue
  | "overloaded"; // STUN comes faster than JavaScript answers

/** Why a message at the second port got its answer, or none. */
export type StunPortOutcome = Extract<
  StunOutcome,
  "answered" | "malformed" | "too-short" | "rate-limited" | "flooded"
>;

/** Relayed packets, and their bytes of UDP payload. */
export interface Traffic {
  readonly packets: number;
  readonly bytes: number;
}

/** The forwarding path: the kernel, by XDP, or this process. */
export type Path = "kernel" | "user";

/** Totals of the data plane since it was opened. If it adopted the kernel's tables, they include what the kernel did before. */
export interface ForwarderStats {
  readonly relayed: Traffic;
  /** The same by forwarding path. */
  readonly path: Readonly<Record<Path, Traffic>>;
  /** Datagrams passed to the gateway and back. */
  readonly gateway: {
    readonly packetsIn: number;
    readonly packetsOut: number;
    /** Current clients. */
    readonly clients: number;
    /** Clients that have not answered the gateway yet. */
    readonly onProbation: number;
    /** Clients that have made way for others: those on probation for newer ones, others for those that passed it. */
    readonly givenUp: number;
  };
  readonly dropped: Readonly<Record<DropReason, number>>;
  /** Datagrams that the system dropped because a receive buffer was full; 0 with `dgram`, which cannot know. */
  readonly overflowed: number;
  readonly stun: Readonly<Record<StunOutcome, number>>;
  readonly sessions: number;
  readonly routes: number;
  readonly initialRoutes: number;
  /** Token buckets that are open, and those of sessions that an earlier process left. */
  readonly buckets: number;
  /** Sessions that an earlier process left in pinned tables, and that no registration has claimed yet. */
  readonly unclaimed: number;
}

/** A request that proved its sender by its integrity, and its source by its nonce. */
export interface StunProof {
  readonly address: PeerAddress;
  /** Time at which the nonce was made, in ms since the epoch. No two nonces have the same time. */
  readonly madeAtMs: number;
  /** As a Latin-1 string. */
  readonly transactionId: string;
}

/**
 * Effect of a proof: the registration is renewed; or none, because the proof was heard before, its nonce is outdated or used
 * up, or the registration has ended or may not be there.
 */
export type StunVerdict = "accepted" | "repeated" | "outdated" | "refused";

/** A live registration as STUN knows it, in the turn of the event loop in which it was found. */
export interface StunRegistration {
  /** The password that goes with its id. */
  readonly secret: string;
  /** Renews the registration, and moves it to the proof's address if it is elsewhere. */
  proven(proof: StunProof): StunVerdict;
}

/** Answers for STUN credentials. The registry implements it. */
export interface StunAuthority {
  /** Returns a live registration, or `undefined`. */
  stunRegistration(id: string): StunRegistration | undefined;
}

/** Sources whose datagrams may be relayed: addresses of live registrations, or any. */
export type SourcePolicy = "registered" | "any";

/** Whether STUN requests without credentials are answered. */
export type StunPolicy = "registered" | "public";

/** The implementations of the data plane. */
export type Backend = "dgram" | "native";

/** The requested implementation. `"auto"` is the fastest that runs here. */
export type BackendChoice = "auto" | Backend;

/** How the gateway tells its clients apart: by virtual address, or by port if not all of 127.0.0.0/8 is local. */
export type ClientsBy = "address" | "port";

/** A client of the gateway, at the address where its connection began. */
export interface GatewayClient extends PeerAddress {
  /** Whether the client is there now: its connection's newest packet came from there, a moment ago. */
  readonly isThere: boolean;
}

/** Options of forwarding in the kernel. */
export interface XdpOptions {
  readonly option: XdpOption;
  /** Most connection IDs in the kernel's tables. The others stay in user space. */
  readonly maxRoutes: number;
  /** Called when the status has changed since the forwarder was opened: an interface came or went. */
  readonly onChange: (status: XdpStatus) => void;
  /** Called at most once, while the forwarder is opened: with the folders of an earlier relay's pins that it removed. */
  readonly onRemoved: (folders: readonly string[]) => void;
}

/** Options of every backend. */
export interface ForwarderOptions {
  /** Local IP literal to bind; `::` is dual-stack. */
  readonly host: string;
  /** UDP port; 0 takes a free one. */
  readonly port: number;
  /** The HTTP/3 server behind the relay, on loopback. */
  readonly upstream?: Address | undefined;
  readonly backend: BackendChoice;
  /** Threads that receive and forward, from 1, each with a socket of its own. `dgram` always has one. */
  readonly threads: number;
  readonly sourcePolicy: SourcePolicy;
  readonly stun: StunPolicy;
  readonly authority: StunAuthority;
  /** Most sessions at a time. The caller keeps to it. */
  readonly maxSessions: number;
  /** Most token buckets that are open at a time. The caller keeps to it. */
  readonly maxBuckets: number;
  /** Most gateway clients at a time. */
  readonly maxGatewayClients: number;
  /** Socket buffer sizes to request from the system, in bytes. */
  readonly socketBufferBytes: number;
  /** Forwarding in the kernel, which needs the native backend; off if absent. */
  readonly xdp?: XdpOptions | undefined;
  /** Called for faults of the socket itself, never for a packet. */
  readonly onError: (error: Error) => void;
  /** ms since the epoch, on a clock that neither goes back nor jumps, such as `steadyNow`. */
  readonly now: () => number;
}

/**
 * The UDP data plane behind one public socket. Only the registry changes buckets, sessions and initial routes. No method throws
 * because of remote input.
 */
export interface Forwarder {
  /** The implementation that runs. */
  readonly backend: Backend;
  /** Why no faster one runs. */
  readonly backendReason: string;
  /** How the gateway tells its clients apart; `undefined` without a gateway. */
  readonly clientsBy: ClientsBy | undefined;
  /** The bound address of the public socket. */
  address(): Address;
  /** Reports whether a datagram to `address` would come back to the relay itself. */
  isOwnAddress(address: Address): boolean;

  /** Returns where the kernel forwards, and why nowhere else. */
  xdp(): XdpStatus;

  /** Opens a full token bucket with a rate in bytes per second, and the depth that goes with it. */
  openBucket(bytesPerSecond: number): BucketId;
  /** Changes a bucket's rate and depth. The level stays, capped at the new depth. */
  shapeBucket(id: BucketId, bytesPerSecond: number): void;
  /** Returns the time until a bucket is full if nothing more is taken, in ms; 0 if it is. */
  bucketMissingMs(id: BucketId): number;
  /** Closes a bucket that no session draws from any more. */
  closeBucket(id: BucketId): void;

  /** Opens a session, or takes over the one that an earlier process left for the first of these connection IDs. */
  openSession(spec: SessionSpec): SessionId;
  /** Derives connection IDs `first` to `last` of a key, back to back, as `deriveConnectionIds` of `wire/` does. */
  deriveConnectionIds(key: Uint8Array, first: number, last: number): Uint8Array;
  /** Changes a session in place. Its counters go on. */
  updateSession(id: SessionId, change: Partial<SessionSpec>): void;
  /** Ends a session: its routes of both kinds are gone when this returns. */
  closeSession(id: SessionId): SessionCounters;
  countersOf(id: SessionId): SessionCounters;
  /**
   * Reads the traffic of many sessions, with little work for each. For the open session `ids[i]` it writes
   * `packetsFrom + packetsTo`, `bytesFrom + bytesTo` and `packetsOffloaded` to `into`, from `3 * i` on.
   */
  sampleSessions(ids: Uint32Array, into: Float64Array): void;
  /** Returns the session that a 12-byte connection ID leads to. */
  sessionOf(cid: Uint8Array): SessionId | undefined;
  /** Returns the live session that came to this address most recently, which pays for packets from there. */
  sessionAt(address: Address): SessionId | undefined;
  /** Adds an initial route; does nothing if either session has ended, or another dial has the DCID. */
  routeInitial(route: InitialRoute): void;

  /**
   * Returns the client behind the virtual address that the gateway saw. `port` is needed only if the system lacks 127.0.0.0/8
   * and clients differ by port.
   */
  clientOf(virtualAddress: string, port?: number): GatewayClient | undefined;
  stats(): ForwarderStats;
  /** Whether the open sockets keep the process alive: as of Node's own handles, they do so until `unref()`. */
  ref(): void;
  unref(): void;
  /** Closes every socket; resolves when all are closed. Idempotent. */
  close(): Promise<void>;
}
