import { sweepIntervalMs } from "../../defaults/index.ts";
import type { Address, PeerAddress } from "../../wire/address.ts";
import { deriveConnectionIds } from "../../wire/connection-id.ts";
import { offStatus, type XdpStatus } from "../../xdp/index.ts";
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
import { classify, verdict } from "./demux.ts";
import { isOwnAddress } from "../own-address.ts";
import { openPublicSocket, type PublicSocket } from "../udp/public-socket.ts";
import { PacketRelay } from "./relay.ts";
import { QueueReader, StunQueue } from "../stun/queue.ts";
import { probeClientsBy } from "../splice/virtual-addresses.ts";
import { Splice } from "../splice/splice.ts";
import { StunGate } from "./stun-gate.ts";
import { createNonceSigner, StunNonces } from "../stun/nonce.ts";
import { StunResponder } from "../stun/responder.ts";

/** Settings beyond the options. */
export interface DgramTuning {
  /** Why this backend runs and no faster one. */
  readonly backendReason: string;
  /** Overrides the probe for all of 127.0.0.0/8; for tests. */
  readonly clientsBy?: ClientsBy | undefined;
}

/**
 * Opens the portable backend on `node:dgram`, the reference for any other. It loses the ECN bits, which node:dgram neither
 * shows nor sets: relayed datagrams leave as Not-ECT, which QUIC detects (RFC 9000 §13.4.2). The caller closes it.
 *
 * @throws ERR_QUICPIPE_LISTEN_FAILED
 */
export async function createDgramForwarder(
  options: ForwarderOptions,
  tuning: DgramTuning,
): Promise<Forwarder> {
  const clientsBy = options.upstream && (tuning.clientsBy ?? (await probeClientsBy(options.upstream)));
  return new DgramForwarder(options, await openPublicSocket(options), { ...tuning, clientsBy });
}

class DgramForwarder implements Forwarder {
  readonly backend = "dgram";
  readonly backendReason: string;
  readonly clientsBy: ClientsBy | undefined;
  readonly #options: ForwarderOptions;
  readonly #socket: PublicSocket;
  readonly #counters: Counters = createCounters();
  readonly #relay: PacketRelay;
  readonly #splice: Splice | undefined;
  readonly #stunGate: StunGate;
  readonly #stunQueue: StunQueue;
  readonly #stunReader = new QueueReader(() => this.#stunQueue);
  readonly #sweeper: NodeJS.Timeout;
  #closing: Promise<void> | undefined;

  constructor(options: ForwarderOptions, socket: PublicSocket, { backendReason, clientsBy }: DgramTuning) {
    const counters = this.#counters;
    const { authority, maxGatewayClients, now, socketBufferBytes, sourcePolicy, stun, upstream } = options;
    this.backendReason = [backendReason, socket.limitation]
      .filter((clause) => clause !== undefined)
      .join("; ");
    this.clientsBy = upstream && clientsBy;
    this.#options = options;
    this.#socket = socket;
    this.#relay = new PacketRelay({ sourcePolicy, counters, send: socket.send });
    const { fromWire, send } = socket;
    const nonces = new StunNonces(createNonceSigner());
    this.#stunGate = new StunGate({
      sessions: this.#relay.sessions,
      isNonceGood: (nonce, source, nowMs) => nonces.madeAtMs(nonce, fromWire(source), nowMs) !== undefined,
      nowMs: now(),
    });
    const responder = new StunResponder({ authority, policy: stun, nonces, counters, send, fromWire });
    this.#stunQueue = new StunQueue((datagram, source) => responder.receive(datagram, source, now()));
    if (upstream && clientsBy)
      this.#splice = new Splice({
        upstream,
        clientsBy,
        maxClients: maxGatewayClients,
        socketBufferBytes,
        counters,
        reply: socket.send,
        nowMs: now(),
      });
    socket.onDatagram = (datagram, source) => this.#receive(datagram, source);
    this.#sweeper = setInterval(() => this.#sweep(now()), sweepIntervalMs).unref();
  }

  address(): Address {
    return this.#socket.bound;
  }

  isOwnAddress(address: Address): boolean {
    return isOwnAddress(address, this.#socket.bound);
  }

  xdp(): XdpStatus {
    return offStatus("needs the native backend");
  }

  openBucket(bytesPerSecond: number): BucketId {
    return this.#relay.sessions.buckets.open(bytesPerSecond, this.#options.now());
  }

  shapeBucket(id: BucketId, bytesPerSecond: number): void {
    this.#relay.sessions.buckets.shape(id, bytesPerSecond, this.#options.now());
  }

  bucketMissingMs(id: BucketId): number {
    return this.#relay.sessions.buckets.require(id).missingMs(this.#options.now());
  }

  closeBucket(id: BucketId): void {
    this.#relay.sessions.buckets.close(id);
  }

  deriveConnectionIds(key: Uint8Array, first: number, last: number): Uint8Array {
    return deriveConnectionIds(key, first, last);
  }

  openSession(spec: SessionSpec): SessionId {
    return this.#relay.sessions.open({ ...spec, address: this.#toWire(spec.address) });
  }

  updateSession(id: SessionId, change: Partial<SessionSpec>): void {
    const address = change.address && this.#toWire(change.address);
    this.#relay.sessions.update(id, address ? { ...change, address } : change);
  }

  closeSession(id: SessionId): SessionCounters {
    this.#relay.initialRoutes.removeSession(id);
    return this.#relay.sessions.close(id);
  }

  countersOf(id: SessionId): SessionCounters {
    return { ...this.#relay.sessions.require(id).counters };
  }

  sampleSessions(ids: Uint32Array, into: Float64Array): void {
    for (const [i, id] of ids.entries()) {
      const { packetsFrom, packetsTo, bytesFrom, bytesTo } = this.#relay.sessions.require(id).counters;
      into.set([packetsFrom + packetsTo, bytesFrom + bytesTo, 0], 3 * i);
    }
  }

  sessionOf(cid: Uint8Array): SessionId | undefined {
    const id = this.#relay.routes.find(cid, 0);
    return id < 0 ? undefined : id;
  }

  sessionAt(address: Address): SessionId | undefined {
    const wire = this.#socket.toWire(address);
    return this.#relay.sessions.senderAt(wire.address, wire.port, this.#options.now())?.id;
  }

  routeInitial(route: InitialRoute): void {
    const { initialRoutes, sessions } = this.#relay;
    // A dialer may have gone between its message and the take. Then no route is needed.
    if (!sessions.get(route.to) || !sessions.get(route.from)) return;
    if (!initialRoutes.add(route, this.#options.now())) this.#counters.dropped["initial-route-taken"]++;
  }

  clientOf(virtualAddress: string, port?: number): GatewayClient | undefined {
    const client = this.#splice?.clientOf(virtualAddress, port, this.#options.now());
    return client && { ...this.#socket.fromWire(client), isThere: client.isThere };
  }

  stats(): ForwarderStats {
    const { dropped, gateway, relayed, stun } = this.#counters;
    return {
      relayed: { ...relayed },
      path: { kernel: { packets: 0, bytes: 0 }, user: { ...relayed } },
      gateway: {
        ...gateway,
        clients: this.#splice?.size ?? 0,
        onProbation: this.#splice?.onProbation ?? 0,
      },
      dropped: { ...dropped },
      overflowed: 0,
      stun: { ...stun },
      sessions: this.#relay.sessions.size,
      routes: this.#relay.routes.size,
      initialRoutes: this.#relay.initialRoutes.size,
      buckets: this.#relay.sessions.buckets.size,
      unclaimed: 0,
    };
  }

  ref(): void {
    this.#socket.ref();
  }

  unref(): void {
    this.#socket.unref();
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    clearInterval(this.#sweeper);
    this.#stunQueue.clear();
    await this.#socket.close();
    // Closed last, when no datagram can bring a client any more.
    await this.#splice?.close(this.#options.now());
  }

  #receive(datagram: Uint8Array, source: PeerAddress): void {
    const nowMs = this.#options.now();
    const sorted = classify(datagram, source, nowMs, this.#relay);
    if (sorted >= 0) this.#relay.forward(sorted, datagram, source, nowMs);
    else if (sorted === verdict.gateway) this.#passToGateway(datagram, source, nowMs);
    else if (sorted === verdict.stun) this.#receiveStun(datagram, source, nowMs);
    else this.#counters.dropped[sorted === verdict.noRoute ? "no-route" : "empty"]++;
  }

  #receiveStun(datagram: Uint8Array, source: PeerAddress, nowMs: number): void {
    const paid = this.#stunGate.charge(datagram, source, nowMs);
    const refusal = typeof paid === "string" ? paid : this.#stunQueue.add(datagram, source, paid);
    if (!refusal) return this.#stunReader.schedule();
    this.#counters.stun[refusal]++;
    this.#counters.dropped["stun-unanswered"]++;
  }

  #passToGateway(datagram: Uint8Array, source: PeerAddress, nowMs: number): void {
    if (this.#splice) this.#splice.forward(datagram, source, nowMs);
    else this.#counters.dropped["no-upstream"]++;
  }

  #sweep(nowMs: number): void {
    this.#relay.initialRoutes.sweep(nowMs);
    this.#splice?.sweep(nowMs);
  }

  #toWire(address: PeerAddress | null): PeerAddress | null {
    return address && this.#socket.toWire(address);
  }
}
