import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { isIPv4, isIPv6 } from "node:net";
import * as defaults from "../defaults/index.ts";
import { QuicpipeError } from "../errors.ts";
import { type Address, formatAddress, mapAddress, sameAddress, unmapAddress } from "../wire/address.ts";
import { maxPacketBytes } from "../protocol.ts";
import { cidBytes } from "../wire/connection-id.ts";
import { parseLongHeader } from "../wire/quic-packet.ts";
import { isStun } from "../wire/stun.ts";

/** Takes the datagrams of one kind, and may overwrite their bytes. */
export type DatagramSink = (datagram: Buffer) => void;

/** Counters of a peer's UDP socket since it was bound. */
export interface SocketStats {
  /** Ignored datagrams from sources other than the relay. */
  readonly foreign: number;
  /** Datagrams that belonged to no connection, no request and no HTTP/3 session. */
  readonly unwanted: number;
  /** Datagrams that the system refused to send. */
  readonly sendFailed: number;
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
  /** Buffer for the next datagram. */
  slot(): Uint8Array;
  /** Sends the first `length` bytes of the slot. */
  sendSlot(length: number): void;
  send(datagram: Uint8Array): void;
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

  readonly #socket: Socket;
  readonly #ring: SendRing = new SendRing();
  readonly #routes = new Map<string, DatagramSink>();
  readonly #stats = { foreign: 0, unwanted: 0, sendFailed: 0 };
  /** Number of open paths for each address. */
  readonly #paths = new Map<string, number>();
  /** The relay's address, and its form in the socket's family. */
  #relay: Address;
  #wireAddress: string;
  #closed: Promise<void> | undefined;

  private constructor(socket: Socket, relay: Address) {
    this.#socket = socket;
    this.#relay = relay;
    this.#wireAddress = this.#onWire(relay);
    socket.on("message", (datagram, from) => this.#receive(datagram, from));
    // A fault of the socket itself. QUIC and STUN retransmit the lost datagrams.
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
      // Without IPv6 in the kernel, `0.0.0.0` is all addresses.
      if (host === "::" && (cause as NodeJS.ErrnoException).code === "EAFNOSUPPORT")
        return await PeerSocket.bind({ host: "0.0.0.0", port, relay });
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

  /** Reports whether packets to an IP address can leave through this socket. */
  reaches(address: string): boolean {
    const { address: own } = this.#socket.address();
    return own === "::" || isIPv4(own) === isIPv4(address);
  }

  /** Opens a path to a possible address of the relay. */
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

  /** Sets the relay's address, to which connections and STUN send from now on. */
  moveTo(relay: Address): void {
    if (sameAddress(relay, this.#relay)) return;
    this.#relay = relay;
    this.#wireAddress = this.#onWire(relay);
  }

  get stats(): SocketStats {
    return { ...this.#stats };
  }

  /** Buffer for the next datagram, to be sent by {@link sendSlot}. */
  slot(): Uint8Array {
    return this.#ring.slot();
  }

  /** Sends the first `length` bytes of the {@link slot}. */
  sendSlot(length: number): void {
    this.#send(this.#ring.take(length), this.#relay.port, this.#wireAddress);
  }

  /** Sends a datagram, which the caller must not change any more. */
  send(datagram: Uint8Array): void {
    this.#send(datagram, this.#relay.port, this.#wireAddress);
  }

  /** Routes packets with this destination connection ID to `sink`. */
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

  /** Counts datagrams that did not leave. QUIC and STUN retransmit them. */
  readonly #onSent = (error: Error | null): void => {
    if (error) this.#stats.sendFailed++;
  };

  #send(datagram: Uint8Array, port: number, wireAddress: string): void {
    if (!this.#closed) this.#socket.send(datagram, port, wireAddress, this.#onSent);
  }

  /** An IPv6 socket takes an IPv4 address as a mapped one (RFC 4291 §2.5.5.2). */
  #onWire({ address }: Address): string {
    return isIPv4(address) && isIPv6(this.#socket.address().address) ? mapAddress(address) : address;
  }

  /** A dual-stack socket reports its address in the family of `remote`, as the receiver may compare the two. */
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
    return key === undefined ? undefined : this.#routes.get(key);
  }
}

/**
 * Buffers that datagrams are written into and sent from, so that none is allocated or copied for each. The system takes
 * most of them at once. Otherwise the slot waits in Node's queue. If it is reused too early, the datagram goes out as a
 * copy of a later one, and QUIC recovers as from a loss.
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
    // The relay's address is an IP literal. Skips the resolver, and a turn of the event loop, for each datagram.
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
