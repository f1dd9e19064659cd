import * as defaults from "../../defaults/index.ts";
import { QuicpipeError } from "../../errors.ts";
import { type Address, unmapAddress } from "../../wire/address.ts";
import { cidBytes } from "../../wire/connection-id.ts";
import type { Offload, OffloadPlan, XdpStatus } from "../../xdp/index.ts";
import type {
  BucketId,
  ClientsBy,
  Forwarder,
  ForwarderOptions,
  ForwarderStats,
  GatewayClient,
  InitialRoute,
  SessionCounters,
  SessionId,
  SessionSpec,
} from "../contract.ts";
import { type Counters, createCounters } from "../counters.ts";
import { listen } from "../listen.ts";
import type { Addon, NativeConfig, NativeHandle, NativeStunConfig } from "./addon.ts";
import { NativeCounters } from "./counters.ts";
import { planOffload, startOffload } from "./offload.ts";
import { NativeSessions } from "./sessions.ts";
import { isOwnAddress } from "../own-address.ts";
import { InitialRouteTable } from "../initial-routes.ts";
import { placeLimits } from "../splice/places.ts";
import { QueueReader } from "../stun/queue.ts";
import type { Send } from "../udp/udp-socket.ts";
import { StunNonces } from "../stun/nonce.ts";
import { stunBurstOfKind } from "../stun/payer.ts";
import { StunResponder } from "../stun/responder.ts";
import { bucketDepthBytes } from "../../token-bucket.ts";

/** Parts of a native backend. */
export interface NativeParts {
  readonly addon: Addon;
  /** Why this backend runs. */
  readonly backendReason: string;
  /** Time in ms since the epoch for the threads, in place of the system's clock; for tests. */
  readonly clock?: BigInt64Array | undefined;
}

/**
 * Opens the data plane of the C addon, which receives, sorts and forwards on threads of its own. STUN, and everything that is
 * not for each packet, stays in JavaScript. `options.upstream` must be in 127.0.0.0/8. The caller closes it.
 *
 * @throws ERR_QUICPIPE_LISTEN_FAILED
 */
export async function createNativeForwarder(
  options: ForwarderOptions,
  parts: NativeParts,
): Promise<Forwarder> {
  const { authority, now, stun: policy } = options;
  const reader = new QueueReader(() => handle);
  const counters = createCounters();
  // Nothing is received, and so nothing sent, before the handle exists.
  const send: Send = (datagram, to, done) => done(handle.reply(datagram, to.address, to.port, to.local));
  const nonces = new StunNonces((tick, { address, port, local }) =>
    handle.signNonce(tick, address, port, local),
  );
  const stun = new StunResponder({ authority, policy, nonces, counters, send, fromWire: (source) => source });
  const { plan, kernel } = planOffload(options, parts.addon);
  // Time of `now` at which the threads' clock was 0; a clock for tests stands for both. Compared once, as otherwise a moment
  // would change each time it is converted.
  const epochMs = parts.clock ? 0 : Math.trunc(now()) - Math.trunc(Number(process.hrtime.bigint()) / 1e6);
  const handle = await listen({ address: options.host, port: options.port }, (host) =>
    parts.addon.open({
      ...nativeConfig(options),
      host,
      kernel,
      epochMs,
      clock: parts.clock,
      onUpcalls: () => reader.schedule(),
      onStun: (datagram, address, port, local) => stun.receive(datagram, { address, port, local }, now()),
      onError: (code, syscall) => options.onError(socketFailed(code, syscall)),
    }),
  );
  return new NativeForwarder(handle, counters, options, { ...parts, plan, epochMs });
}

class NativeForwarder implements Forwarder {
  readonly backend = "native";
  readonly backendReason: string;
  readonly clientsBy: ClientsBy | undefined;
  readonly #addon: Addon;
  readonly #handle: NativeHandle;
  readonly #bound: Address;
  /** Counters of JavaScript. */
  readonly #own: Counters;
  readonly #counters: NativeCounters;
  readonly #sessions: NativeSessions;
  readonly #initialRoutes: InitialRouteTable;
  readonly #now: () => number;
  readonly #offload: Offload;
  readonly #sweeper: NodeJS.Timeout;

  constructor(
    handle: NativeHandle,
    own: Counters,
    { maxSessions, now, upstream, xdp }: ForwarderOptions,
    { addon, backendReason, epochMs, plan }: NativeParts & { plan: OffloadPlan; epochMs: number },
  ) {
    this.backendReason = backendReason;
    this.clientsBy = upstream && "address";
    this.#addon = addon;
    this.#handle = handle;
    this.#bound = handle.address();
    this.#own = own;
    this.#now = now;
    const hasKernel = plan.state === "try" && handle.kernelError === undefined;
    this.#counters = new NativeCounters(addon, handle, hasKernel, epochMs);
    this.#sessions = new NativeSessions(handle, maxSessions);
    this.#initialRoutes = new InitialRouteTable({
      added: ({ destinationId, to, from, expiresAtMs }) =>
        handle.setInitialRoute(destinationId, to, from, expiresAtMs),
      removed: ({ destinationId }) => handle.deleteInitialRoute(destinationId),
    });
    this.#sweeper = setInterval(() => {
      this.#initialRoutes.sweep(now());
      handle.sweep();
      this.#sessions.unclaimed.sweep(process.hrtime.bigint(), defaults.unclaimedSweepBatch);
    }, defaults.sweepIntervalMs).unref();
    this.#offload = startOffload(plan, handle, addon, {
      onChange: (status) => xdp?.onChange(status),
      onRemoved: (folders) => xdp?.onRemoved(folders),
    });
  }

  address(): Address {
    return this.#bound;
  }

  isOwnAddress(address: Address): boolean {
    return isOwnAddress(address, this.#bound);
  }

  xdp(): XdpStatus {
    return this.#offload.status();
  }

  openBucket(bytesPerSecond: number): BucketId {
    return this.#handle.openBucket(bytesPerSecond, bucketDepthBytes(bytesPerSecond));
  }

  shapeBucket(id: BucketId, bytesPerSecond: number): void {
    this.#handle.shapeBucket(id, bytesPerSecond, bucketDepthBytes(bytesPerSecond));
  }

  bucketMissingMs(id: BucketId): number {
    return this.#handle.bucketMissingMs(id);
  }

  closeBucket(id: BucketId): void {
    this.#handle.closeBucket(id);
  }

  deriveConnectionIds(key: Uint8Array, first: number, last: number): Uint8Array {
    const ids = new Uint8Array((last - first + 1) * cidBytes);
    this.#addon.deriveConnectionIds(key, ids, first);
    return ids;
  }

  openSession(spec: SessionSpec): SessionId {
    return this.#sessions.open(spec);
  }

  updateSession(id: SessionId, change: Partial<SessionSpec>): void {
    this.#sessions.update(id, change);
  }

  closeSession(id: SessionId): SessionCounters {
    this.#initialRoutes.removeSession(id);
    this.#sessions.close(id);
    return this.#counters.ofSession(id);
  }

  countersOf(id: SessionId): SessionCounters {
    this.#sessions.require(id);
    return this.#counters.ofSession(id);
  }

  sampleSessions(ids: Uint32Array, into: Float64Array): void {
    this.#counters.sample(ids, into);
  }

  sessionOf(cid: Uint8Array): SessionId | undefined {
    return idOrNone(this.#handle.sessionOf(cid));
  }

  sessionAt({ address, port }: Address): SessionId | undefined {
    return idOrNone(this.#handle.sessionAt(address, port));
  }

  routeInitial(route: InitialRoute): void {
    // A dialer may have gone between its message and the take. Then no route is needed.
    if (!this.#handle.isOpen(route.to) || !this.#handle.isOpen(route.from)) return;
    if (!this.#initialRoutes.add(route, this.#now())) this.#own.dropped["initial-route-taken"]++;
  }

  clientOf(virtualAddress: string): GatewayClient | undefined {
    return this.#handle.clientOf(unmapAddress(virtualAddress));
  }

  stats(): ForwarderStats {
    const counters = this.#counters;
    const { buckets, gatewayClients, gatewayProbation, gatewayGivenUp, routes, sessions } = this.#handle;
    return {
      ...counters.traffic(),
      gateway: {
        packetsIn: counters.total("gateway.packetsIn"),
        packetsOut: counters.total("gateway.packetsOut"),
        clients: gatewayClients,
        onProbation: gatewayProbation,
        givenUp: gatewayGivenUp,
      },
      dropped: counters.dropped(this.#own.dropped),
      overflowed: counters.total("overflowed"),
      stun: counters.stun(this.#own.stun),
      sessions,
      routes,
      initialRoutes: this.#initialRoutes.size,
      buckets,
      unclaimed: this.#sessions.unclaimed.size,
    };
  }

  ref(): void {
    this.#handle.ref();
  }

  unref(): void {
    this.#handle.unref();
  }

  close(): Promise<void> {
    clearInterval(this.#sweeper);
    this.#offload.close();
    this.#handle.close();
    return Promise.resolve();
  }
}

function nativeConfig(
  options: ForwarderOptions,
): Omit<NativeConfig, "host" | "epochMs" | "onUpcalls" | "onStun" | "onError"> {
  const { maxBuckets, maxGatewayClients, maxSessions, port, socketBufferBytes, sourcePolicy } = options;
  const { threads, upstream } = options;
  return {
    port,
    threads,
    socketBufferBytes,
    upstreamAddress: upstream?.address,
    upstreamPort: upstream?.port,
    sourceRegistered: sourcePolicy === "registered",
    maxSessions: maxSessions + restingIds(maxSessions),
    maxBuckets: maxBuckets + restingIds(maxBuckets),
    places: placeLimits(maxGatewayClients),
    gatewayIdleMs: defaults.gatewayIdleMs,
    gatewayNewIdleMs: defaults.gatewayNewIdleMs,
    gatewayPresenceMs: defaults.gatewayPresenceMs,
    virtualAddressRestMs: defaults.virtualAddressQuarantineMs,
    stun: stunConfig,
    sweepIntervalMs: defaults.sweepIntervalMs,
  };
}

const stunConfig: NativeStunConfig = {
  perSource: defaults.stunRepliesPerSecond,
  perRegistration: defaults.stunPerRegistration,
  perRegistrationElsewhere: defaults.stunPerRegistrationElsewhere,
  perSubject: defaults.stunPerSubject,
  perSubjectElsewhere: defaults.stunPerSubjectElsewhere,
  perKind: defaults.stunPerKind,
  burstOfKind: stunBurstOfKind,
  sources: defaults.maxStunSources,
  maxBytes: defaults.maxStunBytes,
  maxWaiting: defaults.maxWaitingStun,
  maxWaitingOfKind: defaults.maxWaitingStunOfKind,
  maxWaitingOfSubject: defaults.maxWaitingStunOfSubject,
  nonceLifeMs: defaults.stunNonceMs,
};

/** Returns how many ids may wait for the threads to let go of them: those that a busy relay closes between two batches. */
function restingIds(inUse: number): number {
  return 1024 + (inUse >> 2);
}

function idOrNone(id: number): SessionId | undefined {
  return id < 0 ? undefined : id;
}

function socketFailed(system: string, syscall: string): QuicpipeError {
  const message = `a UDP socket of the relay failed: ${syscall} gave ${system}`;
  return new QuicpipeError("ERR_QUICPIPE_INTERNAL", message, { details: { system, syscall } });
}
