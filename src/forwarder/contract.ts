import type { Address, PeerAddress } from "../wire/address.ts";
import type { XdpOption, XdpStatus } from "../xdp/index.ts";

/** Handle of one session in the data plane; small integers, reused after the session ends. */
export type SessionId = number;

/** Handle of one token bucket in the data plane; small integers, reused after the bucket is closed. */
export type BucketId = number;

/** What the data plane knows of one registration. */
export interface SessionSpec {
  /** The connection IDs that lead to this session: 12 bytes each, back to back. */
  readonly cids: Uint8Array;
  /** Where its packets go, and whose packets it pays for; `null` until the address is proven. */
  readonly address: PeerAddress | null;
  /** What STUN requests call it (USERNAME), for as long as it is open; absent: nothing. */
  readonly username?: string | undefined;
  /** The bucket that what comes from its address draws from; open, and shared with the subject's other sessions. */
  readonly bucket: BucketId;
  /** End of life, ms since the epoch; past it the session forwards nothing, swept or not. */
  readonly expiresAtMs: number;
}

/** An initial DCID that leads to a session until the accepter's own CIDs take over. */
export interface PinnedInitial {
  /** 8 to 20 bytes. */
  readonly destinationId: Uint8Array;
  /** The accepter. */
  readonly to: SessionId;
  /** The dialer: only packets from this session's current address follow the pin. */
  readonly from: SessionId;
  /** ms since the epoch. */
  readonly expiresAtMs: number;
}

/** Counters of one session since it was opened. */
export interface SessionCounters {
  /** What the session's peer sent and the relay forwarded. */
  readonly packetsFrom: number;
  readonly bytesFrom: number;
  /** What the relay forwarded to the session's peer. */
  readonly packetsTo: number;
  readonly bytesTo: number;
  /** What its token bucket refused. */
  readonly packetsLimited: number;
  /** Of the packets to it, those that the kernel forwarded. */
  readonly packetsOffloaded: number;
  /** Packets that came for it while its address was not known. */
  readonly packetsNoAddress: number;
  /** Packets that came from it and were for its own address. */
  readonly packetsToItself: number;
  /** When the first packet was let through to it or from it, in ms since the epoch; `null`: none yet. */
  readonly firstForwardedAtMs: number | null;
}

/** Why the data plane did not pass a datagram on. Each has a counter, each counter a test. */
export type DropReason =
  | "empty" // a datagram without payload
  | "source-unregistered" // a relayed CID, but the sender's address belongs to no live registration
  | "rate-limited" // the sender's token bucket is empty
  | "source-is-destination" // a peer that sends to itself
  | "session-expired" // the CID's registration has ended and was not swept yet
  | "no-address" // the registration has no proven address yet
  | "no-destination" // a peer's Initial to a DCID that is neither registered nor pinned
  | "pin-taken" // not a packet, but a pin that was not made, as another dial has its DCID
  | "send-failed" // the system refused the datagram (unreachable, too long)
  | "send-buffer-full" // the public socket has no room for what is relayed: dropped, never queued without bound
  | "no-upstream" // a gateway datagram, but no gateway is configured
  | "gateway-no-opening" // from a new address, and neither begins a QUIC connection nor goes on with one
  | "gateway-full" // a gateway client too many
  | "gateway-rate" // new gateway clients come faster than allowed
  | "gateway-share" // a gateway client too many of one IPv4 address or IPv6 /64
  | "gateway-stranger-rate" // short headers of connections that nobody knows come faster than allowed
  | "gateway-share-rate" // new gateway clients of one IPv4 address or IPv6 /64 come faster than allowed
  | "gateway-send-failed" // the gateway or its client could not be sent to
  | "gateway-stray" // on the gateway's side, but not from the gateway, or for a client that is gone (native)
  | "stun-unanswered"; // a STUN message that gets no answer; `ForwarderStats.stun` says why

/** Why a STUN message got the answer it got, or none. */
export type StunOutcome =
  | "answered" // a Binding success: the registration is moved or renewed, or anybody was answered
  | "repeated" // the same transaction once more: its answer again, and nothing changes
  | "unmoved" // a Binding success for a request that asks for no move
  | "challenged" // 401 or 438 with a nonce
  | "outdated" // 438: it would move the registration, but its nonce is older than what was proven since
  | "rejected" // 400, 403, 420, or 401 for credentials that are wrong
  | "malformed" // not a Binding request, longer than a client's, or attributes that do not parse
  | "too-short" // shorter than the reply it would get: no reflector
  | "anonymous" // no credentials, and public STUN is off
  | "rate-limited" // no registration pays for it, and its source has sent too many
  | "flooded" // the same, and all sources together have sent too many of its kind
  | "over-share" // its subject, or all sources with its kind, have their share of what waits to be answered
  | "overloaded"; // STUN comes faster than JavaScript answers

/** Relayed packets, and their bytes of UDP payload. */
export interface Traffic {
  readonly packets: number;
  readonly bytes: number;
}

/** Who forwards: the kernel, by XDP, or this process. */
export type Path = "kernel" | "user";

/** Totals of the data plane since it was opened; what the kernel did before, where its tables were adopted, included. */
export interface ForwarderStats {
  readonly relayed: Traffic;
  /** The same by who forwarded it. */
  readonly path: Readonly<Record<Path, Traffic>>;
  /** Datagrams passed to the gateway and back. */
  readonly gateway: {
    readonly packetsIn: number;
    readonly packetsOut: number;
    /** Clients known right now. */
    readonly clients: number;
    /** Those of them that have not answered the gateway yet. */
    readonly onProbation: number;
    /** Clients that made way for others so far: those on probation for newer ones, others for those that came past it. */
    readonly givenUp: number;
  };
  readonly dropped: Readonly<Record<DropReason, number>>;
  /** Datagrams that the system dropped as a receive buffer was full; 0 with `dgram`, which cannot know. */
  readonly overflowed: number;
  readonly stun: Readonly<Record<StunOutcome, number>>;
  readonly sessions: number;
  readonly routes: number;
  readonly pins: number;
  /** Token buckets that are open, and those of sessions that an earlier process left. */
  readonly buckets: number;
  /** Sessions that an earlier process left in pinned tables, and that no registration has claimed yet. */
  readonly orphans: number;
}

/** A request that proved who sent it, by its integrity, and from where, by its nonce. */
export interface StunProof {
  readonly address: PeerAddress;
  /** When the nonce was made, in ms since the epoch; no two nonces are of the same time. */
  readonly madeAtMs: number;
  /** As a Latin-1 string. */
  readonly transactionId: string;
}

/**
 * What a proof did: the registration is there and renewed; nothing, as it was heard before; nothing, as a newer one
 * says otherwise; or nothing, as the registration may not be there.
 */
export type StunVerdict = "accepted" | "repeated" | "outdated" | "refused";

/** Who answers for STUN credentials and hears of proven addresses; the registry implements it. */
export interface StunAuthority {
  /** The password of a live registration, or `undefined`. */
  secretOf(registrationId: string): string | undefined;
  /** The registration is reached at the proof's address: renew it, and move it there if it is elsewhere. */
  proven(registrationId: string, proof: StunProof): StunVerdict;
}

/** Which datagrams may be relayed: from addresses of live registrations, or from anywhere. */
export type SourcePolicy = "registered" | "any";

/** Whether STUN requests without credentials are answered. */
export type StunPolicy = "registered" | "public";

/** The implementations of the data plane. */
export type Backend = "dgram" | "native";

/** Which implementation to take; `"auto"`: the fastest that runs here. */
export type BackendChoice = "auto" | Backend;

/** How the gateway tells its clients apart: by virtual address, or by port where 127.0.0.0/8 is not whole. */
export type ClientsBy = "address" | "port";

/** A client of the gateway, at the address where its connection began. */
export interface GatewayClient extends PeerAddress {
  /** Whether it is there now: its connection's newest packet came from there, a moment ago. */
  readonly isThere: boolean;
}

/** How the kernel is to forward. */
export interface XdpOptions {
  readonly option: XdpOption;
  /** Most connection IDs that the kernel's tables take; those beyond stay in user space. */
  readonly maxRoutes: number;
  /** Called when something about it has changed since the forwarder was opened: an interface came or went. */
  readonly onChange: (status: XdpStatus) => void;
}

/** What every backend is opened with. */
export interface ForwarderOptions {
  /** Local IP literal to bind; `::` is dual-stack. */
  readonly host: string;
  /** UDP port; 0 takes a free one. */
  readonly port: number;
  /** The HTTP/3 server behind the relay, on loopback. */
  readonly upstream?: Address | undefined;
  readonly backend: BackendChoice;
  /** Threads that receive and forward, from 1, each with a socket of its own; `dgram` has one, whatever this says. */
  readonly threads: number;
  readonly sourcePolicy: SourcePolicy;
  readonly stun: StunPolicy;
  readonly authority: StunAuthority;
  /** Most sessions at a time; the caller keeps to it. */
  readonly maxSessions: number;
  /** Most token buckets that are open at a time; the caller keeps to it. */
  readonly maxBuckets: number;
  /** Most gateway clients at a time. */
  readonly maxGatewayClients: number;
  /** Socket buffer sizes to ask the system for, in bytes. */
  readonly socketBufferBytes: number;
  /** Forwarding in the kernel, which needs the native backend; absent: off. */
  readonly xdp?: XdpOptions | undefined;
  /** Called for faults of the socket itself, never for a packet. */
  readonly onError: (error: Error) => void;
  /** ms since the epoch, on a clock that neither goes back nor jumps, as `steadyNow` does. */
  readonly now: () => number;
}

/**
 * The UDP data plane behind one public socket. The registry is the only
 * caller of the bucket, session and pin methods; none of them throws for what a remote party sent.
 */
export interface Forwarder {
  /** Which implementation runs. */
  readonly backend: Backend;
  /** Why this one and no faster one. */
  readonly backendReason: string;
  /** How the gateway tells its clients apart; `undefined` where there is no gateway. */
  readonly clientsBy: ClientsBy | undefined;
  /** The bound address of the public socket. */
  address(): Address;
  /** Tells whether a datagram sent to `address` would come back to the relay itself. */
  isOwnAddress(address: Address): boolean;

  /** Where the kernel forwards, and why no further. */
  xdp(): XdpStatus;

  /** Opens a full token bucket with a rate in bytes per second, and the depth that goes with it. */
  openBucket(bytesPerSecond: number): BucketId;
  /** Gives a bucket another rate and depth; its level stays, up to the new depth. */
  shapeBucket(id: BucketId, bytesPerSecond: number): void;
  /** How long it takes until a bucket is full if nothing more is taken, in ms; 0 if it is. */
  bucketMissingMs(id: BucketId): number;
  /** Lets go of a bucket that no session draws from any more. */
  closeBucket(id: BucketId): void;

  /** Opens a session, or takes over the one that an earlier process left for the first of these connection IDs. */
  openSession(spec: SessionSpec): SessionId;
  /** Changes a session in place; its counters go on. */
  updateSession(id: SessionId, change: Partial<SessionSpec>): void;
  /** Ends a session: its routes and pins are gone when this returns. */
  closeSession(id: SessionId): SessionCounters;
  countersOf(id: SessionId): SessionCounters;
  /**
   * Reads the traffic of many sessions, with little work for each: for `ids[i]`, which has to be open, writes
   * `packetsFrom + packetsTo`, `bytesFrom + bytesTo` and `packetsOffloaded` to `into` from `3 * i` on.
   */
  sampleSessions(ids: Uint32Array, into: Float64Array): void;
  /** Which session a 12-byte connection ID leads to. */
  sessionOf(cid: Uint8Array): SessionId | undefined;
  /** The live session that came to this address most recently: the one that pays for what is sent from there. */
  sessionAt(address: Address): SessionId | undefined;
  /** Pins an initial DCID; does nothing if either session has ended, or another dial has pinned it. */
  pin(pin: PinnedInitial): void;

  /**
   * The client behind the virtual address that the gateway saw. `port` is needed only where the system
   * lacks 127.0.0.0/8 and clients differ by port.
   */
  clientOf(virtualAddress: string, port?: number): GatewayClient | undefined;
  stats(): ForwarderStats;
  /** Closes every socket; resolves when all are closed. Idempotent. */
  close(): Promise<void>;
}
