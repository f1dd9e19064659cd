import type { Link, XdpProgram } from "../../xdp/index.ts";

/** The JavaScript interface of the C addon, beside this file. IPv4 addresses are in plain form, both ways. */
export interface Addon {
  /**
   * Names of the counters of each thread, in their order: `relayed.packets`, `relayed.bytes`,
   * `gateway.packetsIn`, `gateway.packetsOut`, `dropped.` and a reason, `overflowed`, `stun.` and an outcome.
   */
  readonly counterNames: readonly string[];
  /** Whether it was built with the XDP program, for which libbpf's headers have to be there. */
  readonly hasProgram: boolean;
  /**
   * Binds the sockets and starts the threads. The caller closes the handle.
   *
   * Throws an `Error` with the system's `code` (`EADDRINUSE`, `EACCES`, …) and the `syscall` that gave it.
   */
  open(config: NativeConfig): NativeHandle;
  /**
   * Sorts one payload by the rules in C, for the table of cases.
   *
   * @param cids registered connection IDs, 12 bytes each, back to back.
   * @param pins pinned initial DCIDs.
   */
  classify(datagram: Uint8Array, cids: Uint8Array, pins: readonly Uint8Array[]): NativeVerdict;
  /**
   * Reads the interfaces of this network namespace, for which it needs no privilege.
   *
   * Throws an `Error` with the system's `code` (`EMFILE`, `EAFNOSUPPORT`, …).
   */
  links(): Link[];
}

/** What the rules in C make of a payload; see `verdict` in demux.ts. */
export type NativeVerdict = "session" | "pinned" | "undirected" | "gateway" | "stun" | "empty";

/** What the addon is opened with. */
export interface NativeConfig {
  /** IP literal; `::` is dual-stack. */
  readonly host: string;
  /** UDP port; 0 takes a free one. */
  readonly port: number;
  readonly threads: number;
  readonly socketBufferBytes: number;
  /** The gateway, in 127.0.0.0/8; both are absent where there is none. */
  readonly upstreamAddress?: string | undefined;
  readonly upstreamPort?: number | undefined;
  /** Whether only addresses of live sessions may send. */
  readonly sourceRegistered: boolean;
  /** Session ids to give out: an id is free again a moment after its session was closed. */
  readonly maxSessions: number;
  /** Bucket ids to give out, of which the same holds. */
  readonly maxBuckets: number;
  readonly maxGatewayClients: number;
  /** Places on probation, and past it; of the former, strangers'; and places of one source. */
  readonly maxGatewayProbation: number;
  readonly maxGatewaySettled: number;
  readonly maxGatewayStrangers: number;
  readonly maxGatewayShare: number;
  readonly newGatewayClientsPerSecond: number;
  readonly gatewaySharePerSecond: number;
  /** Depth of those token buckets. */
  readonly gatewayClientBurst: number;
  readonly gatewayIdleMs: number;
  readonly gatewayNewIdleMs: number;
  readonly gatewayPresenceMs: number;
  readonly virtualAddressRestMs: number;
  readonly stun: NativeStunConfig;
  readonly sweepIntervalMs: number;
  /** Has the kernel keep the tables as well, so that it can forward; absent: user space forwards alone. */
  readonly kernel?: NativeKernelConfig | undefined;
  /** What the time is in ms since the epoch as the monotonic clock is at 0. */
  readonly epochMs: number;
  /** ms since the epoch, read by the threads in place of the system's clock; for tests. */
  readonly clock?: BigInt64Array | undefined;
  /** There is something to {@link NativeHandle.deliver}, and was nothing before. */
  onReports(): void;
  /** A STUN message came, to `local` of this host where it has several addresses. */
  onStun(datagram: Uint8Array, address: string, port: number, local: string | undefined): void;
  /** A socket failed for good. */
  onError(code: string, syscall: string): void;
}

/** STUN messages per second that reach JavaScript; src/forwarder/dgram/stun-gate.ts tells of whom. */
export interface NativeStunConfig {
  readonly perSource: number;
  readonly perRegistration: number;
  readonly perRegistrationElsewhere: number;
  readonly perSubject: number;
  readonly perSubjectElsewhere: number;
  /** Of all sources together, for each kind of what they pay for. */
  readonly perKind: number;
  /** How many of a kind may come at once. */
  readonly burstOfKind: number;
  /** Sources that are told apart, from 1. */
  readonly sources: number;
  /** Longest message, in bytes. */
  readonly maxBytes: number;
  /** Messages that may wait for JavaScript, those of one kind, and those of one subject. */
  readonly maxWaiting: number;
  readonly maxWaitingOfKind: number;
  readonly maxWaitingOfSubject: number;
  readonly nonceLifeMs: number;
}

/** What the kernel's tables are made with. */
export interface NativeKernelConfig {
  /** Room for connection IDs; those beyond stay in user space. */
  readonly maxRoutes: number;
  /** Folder in a bpf file system to pin program and tables in, or to adopt those from that an earlier process pinned. */
  readonly pin?: string | undefined;
}

/** A data plane that runs. Session ids are small integers; those of sessions that are not open throw. */
export interface NativeHandle extends XdpProgram {
  /** One for each thread, by the order of {@link Addon.counterNames}: memory that the threads write. */
  readonly counters: readonly BigUint64Array[];
  /**
   * The accounts of all sessions (`struct qp_account` of bpf/abi.h), by id: memory that the threads write, 16 words for
   * each, which src/xdp/abi.ts tells.
   */
  readonly accounts: BigUint64Array;
  /**
   * Why the kernel has no tables although the config asks for them: the system's code, `ENOSYS` in a build without the
   * program. What {@link XdpProgram} has throws then, and so do `pinError` and `totals`.
   */
  readonly kernelError: string | undefined;
  /** Why nothing is pinned although the config asks for it: the system's code, `EAGAIN` if another process has the folder. */
  readonly pinError: string | undefined;
  /** What the program in the kernel counted, on each processor (`readTotals` of src/xdp/abi.ts): memory that it writes. */
  readonly totals: BigUint64Array;
  /** The ids of all open sessions: right after `open` those that an earlier process left in pinned tables. */
  readonly openSessions: readonly number[];
  /** Buckets that are open, or that open sessions draw from. */
  readonly buckets: number;
  readonly gatewayClients: number;
  readonly gatewayProbation: number;
  readonly gatewayGivenUp: number;
  readonly routes: number;
  readonly sessions: number;
  /** What the route table holds, in bytes. */
  readonly tableBytes: number;
  address(): { address: string; port: number };
  openBucket(bytesPerSecond: number, depthBytes: number): number;
  shapeBucket(id: number, bytesPerSecond: number, depthBytes: number): void;
  /** ms until it is full if nothing more is taken. */
  bucketMissingMs(id: number): number;
  closeBucket(id: number): void;
  openSession(
    cids: Uint8Array,
    address: string | null,
    port: number,
    bucket: number,
    expiresAtMs: number,
    local?: string,
  ): number;
  /** Names a session as STUN messages do; at most 64 bytes. */
  setUsername(id: number, username: Uint8Array): void;
  setRoutes(id: number, cids: Uint8Array): void;
  /** Moves a session; what is sent there leaves from `local`, where several addresses are bound. */
  setAddress(id: number, address: string | null, port: number, local?: string): void;
  setBucket(id: number, bucket: number): void;
  setExpiry(id: number, expiresAtMs: number): void;
  closeSession(id: number): void;
  /** The session that a connection ID leads to, or −1. */
  sessionOf(cid: Uint8Array): number;
  /** The newest live session at an address, or −1. */
  sessionAt(address: string, port: number): number;
  setPin(destinationId: Uint8Array, to: number, from: number, expiresAtMs: number): void;
  deletePin(destinationId: Uint8Array): void;
  clientOf(
    virtualAddress: string,
  ): { address: string; port: number; local: string | undefined; isThere: boolean } | undefined;
  /** Sends out of the public socket, from `local` if given; returns the system's code if it refused. */
  reply(datagram: Uint8Array, address: string, port: number, local?: string): string | undefined;
  /** The MAC of a nonce that is made at a tick for an address, as the threads check it; 12 bytes. */
  signNonce(tick: number, address: string, port: number, local?: string): Uint8Array;
  /** Calls `onStun` and `onError` for up to `max` of what has come, in its order; tells whether there was any. */
  deliver(max: number): boolean;
  /** Frees what the threads no longer look at; to be called every `sweepIntervalMs`. */
  sweep(): void;
  /**
   * Joins the threads, closes the sockets, and detaches the program unless it is pinned. Idempotent; the getters and
   * counters, but for `programId`, can still be read.
   */
  close(): void;
}
