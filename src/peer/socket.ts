import { isIPv4 } from "node:net";
import { QuicpipeError } from "../errors.ts";
import { type Address, sameAddress } from "../wire/address.ts";
import { cidBytes } from "../wire/connection-id.ts";
import { minInitialDatagramBytes, parseLongHeader } from "../wire/quic-packet.ts";
import { isStun } from "../wire/stun.ts";
import type { Engine, EngineConnection } from "./engine/contract.ts";
import { bindPort } from "./udp/bound-port.ts";
import { type AddressHolder, DirectAddresses, type DirectWay, keyOfAddress } from "./udp/direct-addresses.ts";
import type { DatagramSink, PacketRoute, Receiver, Strangers, UdpPort } from "./udp/contract.ts";

export type { DatagramSink, PacketRoute, Receiver } from "./udp/contract.ts";
export type { AddressHolder, DirectWay } from "./udp/direct-addresses.ts";

/** Counters of a peer's UDP socket since it was bound. */
export interface SocketStats {
  /** Ignored datagrams from sources other than the relay and the other peers. */
  readonly foreign: number;
  /** Checks of direct paths, and answers to them, that were dropped, as more came from a source than its share. */
  readonly strangersRefused: number;
  /** Datagrams that belonged to no connection, no request and no HTTP/3 session. */
  readonly unwanted: number;
  /** Datagrams that the system refused to send. */
  readonly sendFailed: number;
  /** Datagrams that were dropped as more came for a connection than there was time for. */
  readonly crowdedOut: number;
}

/** Local address of a peer's socket, and the first address of the relay. */
export interface SocketOptions {
  /** `::` stands for all addresses of both families. */
  readonly host: string;
  readonly port: number;
  readonly relay: Address;
}

/** A path from the socket to one possible address of the relay. The caller closes it. */
export interface RelayPath {
  readonly remote: Address;
  /** The socket's own address, in the family of `remote`. */
  readonly local: Address;
  send(datagram: Uint8Array): void;
  /** Sends what a connection has to send. If that is too much for now, calls `resume` to have another turn. */
  flush(connection: EngineConnection, resume: () => void): void;
  /** Rejects datagrams that come by this path from now on. Idempotent. */
  close(): void;
}

/**
 * Returns the key of the connection that a QUIC packet belongs to: the first 12 bytes of its destination connection ID.
 * A short header does not carry the length: this side's IDs have 12 bytes.
 */
export function connectionKey(datagram: Buffer): string | undefined {
  if ((datagram[0]! & 0x80) === 0) return datagram.toString("latin1", 1, 1 + cidBytes);
  const header = parseLongHeader(datagram);
  return header && keyOf(header.destinationId);
}

function keyOf(connectionId: Uint8Array): string {
  return Buffer.from(connectionId).toString("latin1", 0, cidBytes);
}

/**
 * The one UDP socket of a peer. STUN, HTTP/3 to the relay and all peer-to-peer connections share it, so that they share
 * one NAT mapping. It exchanges datagrams only with the relay, wherever that is at present, and with addresses that were proven to
 * be another peer's.
 */
export class PeerSocket {
  /** Takes STUN messages of the relay. */
  onStun: ((datagram: Buffer, from: Address) => void) | undefined;
  /** Takes STUN messages of others: checks of direct paths, and answers to checks. */
  onCheck: ((datagram: Buffer, from: Address) => void) | undefined;
  /** Called once if the socket has failed. It moves nothing then. */
  onFault: ((fault: QuicpipeError) => void) | undefined;

  readonly #port: UdpPort;
  readonly #routes = new Map<string, DatagramSink>();
  readonly #paths = new Set<RelayPath>();
  /** Of the relay, as {@link keyOfAddress} writes them. */
  #relayAddresses: ReadonlySet<string> = new Set();
  readonly #direct: DirectAddresses;
  #unwanted = 0;
  #relay: Address;
  #closed: Promise<void> | undefined;

  private constructor(port: UdpPort, relay: Address) {
    this.#port = port;
    this.#direct = new DirectAddresses(port, () => this.#setSources());
    this.#relay = relay;
    this.#setSources();
  }

  /**
   * Binds the socket. The caller closes it.
   *
   * @param engine moves the datagrams of connections by itself, if it can.
   * @throws ERR_QUICPIPE_LISTEN_FAILED if the address is taken or not there.
   */
  static async bind({ host, port, relay }: SocketOptions, engine?: Engine): Promise<PeerSocket> {
    try {
      const bound = await bindPort(engine, host, port, {
        onDatagram: (datagram, ecn, from) => socket.#deliver(datagram, ecn, from),
        onFault: (cause) => socket.onFault?.(socketFailed(cause)),
      });
      const socket: PeerSocket = new PeerSocket(bound, relay);
      return socket;
    } catch (cause) {
      throw listenFailed(host, port, cause as Error);
    }
  }

  /** The relay's current address; the TCP address of an `http:` relay until its first answer tells that of its UDP socket. */
  get relay(): Address {
    return this.#relay;
  }

  /** The local address, in the family of the relay's. */
  get local(): Address {
    return this.localFor(this.#relay);
  }

  /** Longest UDP payload that a connection may probe for, of the length that it would like to, in bytes. */
  largestPayload(wantedBytes: number): number {
    return this.#port.mayFragment ? minInitialDatagramBytes : wantedBytes;
  }

  /** Reports whether packets to an IP address can leave through this socket. */
  reaches(address: string): boolean {
    const { address: own } = this.#port.address;
    return own === "::" || isIPv4(own) === isIPv4(address);
  }

  /** Opens a path to a possible address of the relay. */
  pathTo(remote: Address): RelayPath {
    const path: RelayPath = {
      remote,
      local: this.localFor(remote),
      send: (datagram) => this.#port.send(datagram, remote),
      flush: (connection, resume) => void this.#port.flush(connection, remote, undefined, resume),
      close: () => {
        if (this.#paths.delete(path)) this.#setSources();
      },
    };
    this.#paths.add(path);
    this.#setSources();
    return path;
  }

  /** Sets the relay's address, to which connections and STUN send from now on. */
  moveTo(relay: Address): void {
    if (sameAddress(relay, this.#relay)) return;
    this.#relay = relay;
    this.#setSources();
  }

  /** Whether datagrams can come from other addresses than the relay's. */
  get canGoDirect(): boolean {
    return this.#port.strangers !== undefined;
  }

  /** Whether datagrams of any kind are taken from another peer's address. */
  isDirect(address: Address): boolean {
    return this.#direct.has(address);
  }

  /**
   * Takes datagrams of any kind from another peer's address, until the returned function is called.
   *
   * @param holder the connection that it is the other side of.
   */
  allowDirect(address: Address, holder: AddressHolder): () => void {
    return this.#direct.allow(address, holder);
  }

  /**
   * Does the same, and sends what goes there from another local port, as long as anybody allows the address. `undefined` if that cannot be
   * had: another connection sends there, and its way is not for this one to change.
   */
  allowDirectFrom(localPort: number, address: Address, holder: AddressHolder): DirectWay | undefined {
    return this.#direct.allowFrom(localPort, address, holder);
  }

  /** Takes checks of direct paths from elsewhere too, within limits. They go to {@link onCheck}. Absent if they cannot come. */
  get strangers(): Strangers | undefined {
    return this.#port.strangers;
  }

  get stats(): SocketStats {
    const { foreign, strangersRefused, sendFailed, crowdedOut } = this.#port;
    return { foreign, strangersRefused, unwanted: this.#unwanted, sendFailed, crowdedOut };
  }

  /**
   * Sends a datagram, which the caller must not change any more, to the relay or elsewhere.
   *
   * @param ttl how many routers its packet may pass, and one more; the system's TTL if absent, and if {@link canGoDirect} is false.
   */
  send(datagram: Uint8Array, to: Address = this.#relay, ttl?: number): void {
    this.#port.send(datagram, to, ttl);
  }

  /**
   * Sends what a connection has to send. If that is too much for now, calls `resume` to have another turn. Returns whether a
   * copy of anything went by the relay.
   *
   * @param route by the relay alone if absent.
   */
  flush(connection: EngineConnection, resume: () => void, route?: PacketRoute): boolean {
    return this.#port.flush(connection, this.#relay, route, resume);
  }

  /** Routes packets with this destination connection ID to `sink`. */
  addRoute(connectionId: Uint8Array, sink: DatagramSink): void {
    this.#routes.set(keyOf(connectionId), sink);
  }

  removeRoute(connectionId: Uint8Array): void {
    this.#routes.delete(keyOf(connectionId));
  }

  /**
   * Lets packets with these destination connection IDs go to the receiver's engine directly, where the port can do so, and past
   * the routes. Returns a function that ends it.
   */
  attach(connectionIds: readonly Uint8Array[], receiver: Receiver): () => void {
    return this.#port.attach?.(connectionIds, receiver) ?? (() => undefined);
  }

  /** Closes the socket. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#port.close();
    return this.#closed;
  }

  #setSources(): void {
    const relay = [this.#relay, ...Array.from(this.#paths, ({ remote }) => remote)];
    this.#relayAddresses = new Set(relay.map(keyOfAddress));
    this.#port.setSources(relay, this.#direct.all);
  }

  /** The local address in the family of `remote`, as the receiver may compare the two. */
  localFor(remote: Address): Address {
    const { address, port } = this.#port.address;
    return { address: address === "::" && isIPv4(remote.address) ? "0.0.0.0" : address, port };
  }

  #deliver(datagram: Buffer, ecn: number, from: Address): void {
    const sink = this.#sinkOf(datagram, from);
    if (sink) sink(datagram, ecn);
    else this.#unwanted++;
  }

  #sinkOf(datagram: Buffer, from: Address): DatagramSink | undefined {
    if (isStun(datagram)) return this.#stunSinkOf(from);
    const key = connectionKey(datagram);
    return key === undefined ? undefined : this.#routes.get(key);
  }

  #stunSinkOf(from: Address): DatagramSink | undefined {
    const sink = this.#relayAddresses.has(keyOfAddress(from)) ? this.onStun : this.onCheck;
    return sink && ((datagram) => sink(datagram, from));
  }
}

function listenFailed(host: string, port: number, cause: Error): QuicpipeError {
  return new QuicpipeError(
    "ERR_QUICPIPE_LISTEN_FAILED",
    `the peer cannot bind UDP ${host}:${port}: ${cause.message}; choose another host or port`,
    { cause, details: { host, port } },
  );
}

function socketFailed(cause: Error): QuicpipeError {
  return new QuicpipeError(
    "ERR_QUICPIPE_CONNECTION_LOST",
    `the peer's UDP socket has failed: ${cause.message}; bind another peer`,
    { cause },
  );
}
