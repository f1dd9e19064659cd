import { isIPv4 } from "node:net";
import { QuicpipeError } from "../errors.ts";
import { type Address, sameAddress } from "../wire/address.ts";
import { cidBytes } from "../wire/connection-id.ts";
import { minInitialDatagramBytes, parseLongHeader } from "../wire/quic-packet.ts";
import { isStun } from "../wire/stun.ts";
import type { Engine, EngineConnection } from "./engine/contract.ts";
import { bindPort } from "./udp/bound-port.ts";
import type { DatagramSink, Receiver, UdpPort } from "./udp/contract.ts";

export type { DatagramSink, Receiver } from "./udp/contract.ts";

/** Counters of a peer's UDP socket since it was bound. */
export interface SocketStats {
  /** Ignored datagrams from sources other than the relay. */
  readonly foreign: number;
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
 * one NAT mapping. It exchanges datagrams only with the relay, wherever that is at present.
 */
export class PeerSocket {
  /** Takes STUN messages. */
  onStun: DatagramSink | undefined;
  /** Called once if the socket has failed. It moves nothing then. */
  onFault: ((fault: QuicpipeError) => void) | undefined;

  readonly #port: UdpPort;
  readonly #routes = new Map<string, DatagramSink>();
  readonly #paths = new Set<RelayPath>();
  #unwanted = 0;
  #relay: Address;
  #closed: Promise<void> | undefined;

  private constructor(port: UdpPort, relay: Address) {
    this.#port = port;
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
        onDatagram: (datagram, ecn) => socket.#deliver(datagram, ecn),
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
    return this.#localFor(this.#relay);
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
      local: this.#localFor(remote),
      send: (datagram) => this.#port.send(datagram, remote),
      flush: (connection, resume) => this.#port.flush(connection, remote, resume),
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

  get stats(): SocketStats {
    const { foreign, sendFailed, crowdedOut } = this.#port;
    return { foreign, unwanted: this.#unwanted, sendFailed, crowdedOut };
  }

  /** Sends a datagram, which the caller must not change any more. */
  send(datagram: Uint8Array): void {
    this.#port.send(datagram, this.#relay);
  }

  /** Sends what a connection has to send. If that is too much for now, calls `resume` to have another turn. */
  flush(connection: EngineConnection, resume: () => void): void {
    this.#port.flush(connection, this.#relay, resume);
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
    this.#port.setSources([this.#relay, ...Array.from(this.#paths, ({ remote }) => remote)]);
  }

  /** A dual-stack socket reports its address in the family of `remote`, as the receiver may compare the two. */
  #localFor(remote: Address): Address {
    const { address, port } = this.#port.address;
    return { address: address === "::" && isIPv4(remote.address) ? "0.0.0.0" : address, port };
  }

  #deliver(datagram: Buffer, ecn: number): void {
    const sink = this.#sinkOf(datagram);
    if (sink) sink(datagram, ecn);
    else this.#unwanted++;
  }

  #sinkOf(datagram: Buffer): DatagramSink | undefined {
    if (isStun(datagram)) return this.onStun;
    const key = connectionKey(datagram);
    return key === undefined ? undefined : this.#routes.get(key);
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
