import type { SystemCalls, XdpProgram } from "../../xdp/index.ts";
import type { ForwarderOptions } from "../contract.ts";
import type { PlaceLimits } from "../splice/places.ts";

/** Version of this interface: `QP_ADDON_ABI` of napi/addon.c. Raise both with every change that one side cannot do without. */
export const addonAbi = 3;

/** JavaScript interface of the C addon in this folder. IPv4 addresses are in plain form in both directions. */
export interface Addon extends SystemCalls {
  /** The {@link addonAbi} that the addon was built for. */
  readonly abi: number;
  /**
   * Names of each thread's counters, in their order: `relayed.packets`, `relayed.bytes`, `gateway.packetsIn`,
   * `gateway.packetsOut`, `dropped.` and a reason, `overflowed`, `stun.` and an outcome.
   */
  readonly counterNames: readonly string[];
  /** Whether the addon was built with the XDP program, which needs libbpf's headers. */
  readonly hasProgram: boolean;
  /**
   * Binds the sockets and starts the threads. The caller closes the handle.
   *
   * Throws an `Error` with the system's `code` (`EADDRINUSE`, `EACCES`, …) and the `syscall` that gave it.
   */
  open(config: NativeConfig): NativeHandle;
  /**
   * Returns memory that the process has freed to the system, on another thread. glibc keeps what lies below a block in use, such
   * as the buffers of clients that have gone. Meanwhile, 0.1 ms for each MB, an allocation may have to wait. Without effect with
   * other C libraries.
   */
  trimMemory(): void;
  /** Fills `into` with the connection IDs of a key, from number `first` on. The key has 1 to 64 bytes, and an ID 12. */
  deriveConnectionIds(key: Uint8Array, into: Uint8Array, first: number): void;
}

/** Configuration of the addon. */
export interface NativeConfig extends Pick<
  ForwarderOptions,
  "host" | "port" | "threads" | "socketBufferBytes"
> {
  /** Address of the gateway, in 127.0.0.0/8. Both are absent without a gateway. */
  readonly upstreamAddress?: string | undefined;
  readonly upstreamPort?: number | undefined;
  /** Whether only addresses of live sessions may send. */
  readonly sourceRegistered: boolean;
  /** Number of session ids. An id is free again a moment after its session was closed. */
  readonly maxSessions: number;
  /** Number of bucket ids, which become free likewise. */
  readonly maxBuckets: number;
  /** Limits on the places of gateway clients. */
  readonly places: PlaceLimits;
  readonly gatewayIdleMs: number;
  readonly gatewayNewIdleMs: number;
  readonly gatewayPresenceMs: number;
  readonly virtualAddressRestMs: number;
  readonly stun: NativeStunConfig;
  readonly sweepIntervalMs: number;
  /** Keeps the tables in the kernel as well, so that it can forward; if absent, user space forwards alone. */
  readonly kernel?: NativeKernelConfig | undefined;
  /** Time in ms since the epoch at which the monotonic clock was 0. */
  readonly epochMs: number;
  /** Time in ms since the epoch that the threads read in place of the system's clock; for tests. */
  readonly clock?: BigInt64Array | undefined;
  /** Called when there is something to {@link NativeHandle.deliver}, and was nothing before. */
  onUpcalls(): void;
  /** Called for a STUN message; to `local` of this host if it has several addresses. */
  onStun(datagram: Uint8Array, address: string, port: number, local: string | undefined): void;
  /** Called when a socket failed for good. */
  onError(code: string, syscall: string): void;
}

/** STUN messages per second that reach JavaScript, by payer (src/forwarder/dgram/stun-gate.ts). */
export interface NativeStunConfig {
  readonly perSource: number;
  readonly perRegistration: number;
  readonly perRegistrationElsewhere: number;
  readonly perSubject: number;
  readonly perSubjectElsewhere: number;
  /** For all sources together, for each kind of message. */
  readonly perKind: number;
  /** Messages of one kind that may come at once. */
  readonly burstOfKind: number;
  /** Number of sources that are told apart, from 1. */
  readonly sources: number;
  /** Longest message, in bytes. */
  readonly maxBytes: number;
  /** Messages that may wait for JavaScript: in all, of one kind, and of one subject. */
  readonly maxWaiting: number;
  readonly maxWaitingOfKind: number;
  readonly maxWaitingOfSubject: number;
  readonly nonceLifeMs: number;
}

/** Configuration of the kernel's tables. */
export interface NativeKernelConfig {
  /** Room for connection IDs. The others stay in user space. */
  readonly maxRoutes: number;
  /** Folder in a bpf file system to pin program and tables in, or from which to adopt those that an earlier process pinned. */
  readonly pin?: string | undefined;
}

/** A running data plane. Session ids are small integers. Methods throw for the id of a session that is not open. */
export interface NativeHandle extends XdpProgram {
  /** Counters of each thread, in the order of {@link Addon.counterNames}: memory that the threads write. */
  readonly counters: readonly BigUint64Array[];
  /**
   * The states of all sessions (`struct qp_session_state` of bpf/abi.h), by id: memory that the threads write, 16 words for each,
   * whose layout src/xdp/abi.ts has.
   */
  readonly states: BigUint64Array;
  /**
   * Why the kernel has no tables although the config asks for them: the system's code, `ENOSYS` in a build without the program.
   * The members of {@link XdpProgram} throw then, and so do `pinError` and `totals`.
   */
  readonly kernelError: string | undefined;
  /** Why nothing is pinned although the config asks for it: the system's code, `EAGAIN` if another process has the folder. */
  readonly pinError: string | undefined;
  /** Totals of the program in the kernel, for each processor (`readTotals` of src/xdp/abi.ts): memory that it writes. */
  readonly totals: BigUint64Array;
  /** Ids of all open sessions. Right after `open` these are the sessions that an earlier process left in pinned tables. */
  readonly openSessions: readonly number[];
  /** Number of buckets that are open, or that open sessions draw from. */
  readonly buckets: number;
  readonly gatewayClients: number;
  readonly gatewayProbation: number;
  readonly gatewayGivenUp: number;
  readonly routes: number;
  readonly sessions: number;
  /** Size of the route table, in bytes. */
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
  /** Sets the username of a session's STUN messages, at most 64 bytes. */
  setUsername(id: number, username: Uint8Array): void;
  setRoutes(id: number, cids: Uint8Array): void;
  /** Moves a session. Packets to it leave from `local`, if several addresses are bound. */
  setAddress(id: number, address: string | null, port: number, local?: string): void;
  setBucket(id: number, bucket: number): void;
  setExpiry(id: number, expiresAtMs: number): void;
  closeSession(id: number): void;
  /** Reports whether a session is open. */
  isOpen(id: number): boolean;
  /** Returns the session that a connection ID leads to, or −1. */
  sessionOf(cid: Uint8Array): number;
  /** Returns the newest live session at an address, or −1. */
  sessionAt(address: string, port: number): number;
  setInitialRoute(destinationId: Uint8Array, to: number, from: number, expiresAtMs: number): void;
  deleteInitialRoute(destinationId: Uint8Array): void;
  clientOf(
    virtualAddress: string,
  ): { address: string; port: number; local: string | undefined; isThere: boolean } | undefined;
  /** Sends from the public socket, from `local` if given. Returns the system's code if it refused. */
  reply(datagram: Uint8Array, address: string, port: number, local?: string): string | undefined;
  /** Returns the MAC of a nonce that is made at a tick for an address, as the threads check it: 12 bytes. */
  signNonce(tick: number, address: string, port: number, local?: string): Uint8Array;
  /** Calls `onStun` and `onError` for up to `max` upcalls, in their order. Reports whether there were any. */
  deliver(max: number): boolean;
  /** Frees memory that the threads no longer look at. To be called every `sweepIntervalMs`. */
  sweep(): void;
  /** Has the handle keep the process alive, as it does from the start, or not. */
  ref(): void;
  unref(): void;
  /**
   * Joins the threads, closes the sockets, and detaches the program unless it is pinned. Idempotent. The getters and counters
   * can still be read, except `programId`.
   */
  close(): void;
}
