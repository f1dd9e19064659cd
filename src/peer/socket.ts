import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { isIPv4, isIPv6 } from "node:net";
import * as defaults from "../defaults/index.ts";
import { QuicpipeError } from "../errors.ts";
import { type Address, formatAddress, mapAddress, sameAddress, unmapAddress } from "../wire/address.ts";
import { maxPacketBytes } from "../protocol.ts";
import { cidBytes } from "../wire/connection-id.ts";
import { parseLongHeader } from "../wire/quic-packet.ts";
import { isStun } from "../wire/stun.ts";

/** Takes the datagrams of one kind; may overwrite their bytes. */
export type DatagramSink = (datagram: Buffer) => void;

/** Counters of a {@link PeerSocket} since it was bound. */
export interface SocketStats {
  /** Datagrams that came from anywhere but the relay, and were ignored. */
  readonly foreign: number;
  /** Datagrams that nobody wanted: no connection, no request and no HTTP/3 session of ours. */
  readonly unwanted: number;
  /** Datagrams that the system refused to send. */
  readonly sendFailed: number;
}

/** Where a peer's socket is bound and what it talks to at first. */
export interface SocketOptions {
  /** `::` is all addresses of both families. */
  readonly host: string;
  readonly port: number;
  readonly relay: Address;
}

/** A way from the socket to one address where the relay may be. Whoever opened it closes it. */
export interface RelayPath {
  readonly remote: Address;
  /** The socket's own address, in the family of `remote`. */
  readonly local: Address;
  slot(): Uint8Array;
  sendSlot(length: number): void;
  send(datagram: Uint8Array): void;
  /** Lets nothing in by this way any more. Idempotent. */
  close(): void;
}

/**
 * Tells the key under which the connection that a QUIC packet belongs to is found: the first 12 bytes of its destination
 * connection ID. A short header does not say how long that is; ours have 12 bytes, an HTTP/3 session's have 20.
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
 * The one UDP socket of a peer. STUN, HTTP/3 to the relay and all peer-to-peer connections share it, so
 * that they share one NAT mapping. It talks to the relay, wherever that is at present, and to nobody else.
 */
export class PeerSocket {
  /** Gets the STUN messages. */
  onStun: DatagramSink | undefined;
  /** Gets what belongs to no connection: HTTP/3. */
  onHttp3: DatagramSink | undefined;

  readonly #socket: Socket;
  readonly #ring: SendRing = new SendRing();
  readonly #routes = new Map<string, DatagramSink>();
  readonly #stats = { foreign: 0, unwanted: 0, sendFailed: 0 };
  /** How many paths lead to an address beside the relay's. */
  readonly #paths = new Map<string, number>();
  /** The relay's address, and the same as the socket's family writes it. */
  #relay: Address;
  #wireAddress: string;
  #closed: Promise<void> | undefined;

  private constructor(socket: Socket, relay: Address) {
    this.#socket = socket;
    this.#relay = relay;
    this.#wireAddress = this.#onWire(relay);
    socket.on("message", (datagram, from) => this.#receive(datagram, from));
    // A fault of the socket itself; what is lost by it, QUIC and STUN send again.
    socket.on("error", () => this.#stats.sendFailed++);
  }

  /**
   * Binds the socket. The caller closes it.
   *
   * @throws ERR_QUICPIPE_LISTEN_FAILED if the address is taken or not there.
   */
  static async bind({ host, port, relay }: SocketOptions): Promise<PeerSocket> {
    try {
      return new PeerSocket(await bound(host, port), relay);
    } catch (cause) {
      // A kernel without IPv6 has all addresses of one family.
      if (host === "::" && (cause as NodeJS.ErrnoException).code === "EAFNOSUPPORT")
        return await PeerSocket.bind({ host: "0.0.0.0", port, relay });
      throw listenFailed(host, port, cause as Error);
    }
  }

  /** Where the relay is at present. */
  get relay(): Address {
    return this.#relay;
  }

  /** The local address, in the family of the relay's. */
  get local(): Address {
    return this.#localFor(this.#relay);
  }

  /** Whether packets for an IP address can leave by this socket. */
  reaches(address: string): boolean {
    const { address: own } = this.#socket.address();
    return own === "::" || isIPv4(own) === isIPv4(address);
  }

  /** Opens a way to an address where the relay may be. */
  pathTo(remote: Address): RelayPath {
    const key = formatAddress(remote);
    this.#paths.set(key, (this.#paths.get(key) ?? 0) + 1);
    const wireAddress = this.#onWire(remote);
    const send = (datagram: Uint8Array): void => this.#send(datagram, remote.port, wireAddress);
    let isOpen = true;
    return {
      remote,
      local: this.#localFor(remote),
      send,
      slot: () => this.slot(),
      sendSlot: (length) => send(this.#ring.take(length)),
      close: () => {
        if (isOpen) this.#closePath(key);
        isOpen = false;
      },
    };
  }

  /** The relay is at this address from now on: connections and STUN go there. */
  moveTo(relay: Address): void {
    if (sameAddress(relay, this.#relay)) return;
    this.#relay = relay;
    this.#wireAddress = this.#onWire(relay);
  }

  get stats(): SocketStats {
    return { ...this.#stats };
  }

  /** Memory for the next datagram, to be sent by {@link sendSlot}. */
  slot(): Uint8Array {
    return this.#ring.slot();
  }

  /** Sends the first `length` bytes of the {@link slot}. */
  sendSlot(length: number): void {
    this.#send(this.#ring.take(length), this.#relay.port, this.#wireAddress);
  }

  /** Sends a datagram that the caller leaves alone from now on. */
  send(datagram: Uint8Array): void {
    this.#send(datagram, this.#relay.port, this.#wireAddress);
  }

  /** Leads packets with this destination connection ID to `sink`. */
  addRoute(connectionId: Uint8Array, sink: DatagramSink): void {
    this.#routes.set(keyOf(connectionId), sink);
  }

  removeRoute(connectionId: Uint8Array): void {
    this.#routes.delete(keyOf(connectionId));
  }

  /** Closes the socket. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#socket.close(() => resolve());
    });
    return this.#closed;
  }

  /** What did not leave is lost: QUIC and STUN send it again. */
  readonly #onSent = (error: Error | null): void => {
    if (error) this.#stats.sendFailed++;
  };

  #send(datagram: Uint8Array, port: number, wireAddress: string): void {
    if (!this.#closed) this.#socket.send(datagram, port, wireAddress, this.#onSent);
  }

  /** An IPv6 socket writes an IPv4 address as a mapped one (RFC 4291 §2.5.5.2). */
  #onWire({ address }: Address): string {
    return isIPv4(address) && isIPv6(this.#socket.address().address) ? mapAddress(address) : address;
  }

  /** A socket of both families names itself in the one that is asked for: who is told may compare the two. */
  #localFor(remote: Address): Address {
    const { address, port } = this.#socket.address();
    return { address: address === "::" && isIPv4(remote.address) ? "0.0.0.0" : address, port };
  }

  #closePath(key: string): void {
    const left = this.#paths.get(key)! - 1;
    if (left === 0) this.#paths.delete(key);
    else this.#paths.set(key, left);
  }

  #receive(datagram: Buffer, from: RemoteInfo): void {
    if (!this.#isRelay(from)) this.#stats.foreign++;
    else if (datagram.length > 0) this.#deliver(datagram);
  }

  #isRelay({ address, port }: RemoteInfo): boolean {
    if (port === this.#relay.port && address === this.#wireAddress) return true;
    return this.#paths.has(formatAddress({ address: unmapAddress(address), port }));
  }

  #deliver(datagram: Buffer): void {
    const sink = this.#sinkOf(datagram);
    if (sink) sink(datagram);
    else this.#stats.unwanted++;
  }

  #sinkOf(datagram: Buffer): DatagramSink | undefined {
    if (isStun(datagram)) return this.onStun;
    const key = connectionKey(datagram);
    return (key === undefined ? undefined : this.#routes.get(key)) ?? this.onHttp3;
  }
}

/**
 * Buffers that datagrams are written into and sent from, so that none is allocated or copied for each. The
 * system takes most of them at once; where it does not, the slot waits in Node's queue, and were it reused too
 * early, the datagram would go out as a copy of a later one: QUIC takes both for loss.
 */
class SendRing {
  readonly #slots: readonly Buffer[];
  #next = 0;

  constructor() {
    const memory = Buffer.allocUnsafeSlow(defaults.sendSlots * maxPacketBytes);
    this.#slots = Array.from({ length: defaults.sendSlots }, (_, i) =>
      memory.subarray(i * maxPacketBytes, (i + 1) * maxPacketBytes),
    );
  }

  slot(): Buffer {
    return this.#slots[this.#next]!;
  }

  take(length: number): Buffer {
    const slot = this.#slots[this.#next]!;
    this.#next = (this.#next + 1) % defaults.sendSlots;
    return slot.subarray(0, length);
  }
}

async function bound(host: string, port: number): Promise<Socket> {
  const type = isIPv6(host) ? "udp6" : "udp4";
  const socket = createSocket({
    type,
    recvBufferSize: defaults.socketBufferBytes,
    sendBufferSize: defaults.socketBufferBytes,
    // The relay's address is an IP literal: no resolver, and no turn of the event loop, for each datagram.
    lookup: (address, _options, done) => done(null, address, type === "udp6" ? 6 : 4),
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(port, host, resolve);
  });
  socket.removeAllListeners("error");
  return socket;
}

function listenFailed(host: string, port: number, cause: Error): QuicpipeError {
  return new QuicpipeError(
    "ERR_QUICPIPE_LISTEN_FAILED",
    `the peer cannot bind UDP ${host}:${port}: ${cause.message}; choose another host or port`,
    { cause, details: { host, port } },
  );
}
