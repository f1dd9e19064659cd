import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import * as defaults from "../defaults.ts";
import { QuicpipeError } from "../errors.ts";
import { type Address, unmapAddress } from "../wire/address.ts";
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

/** Where a peer's socket is bound and what it talks to. */
export interface SocketOptions {
  readonly host: string;
  readonly port: number;
  readonly relay: Address;
}

/**
 * Tells the key under which the connection that a QUIC packet belongs to is found: its destination
 * connection ID, byte for byte. A short header does not say how long that is; ours have 12 bytes.
 */
export function connectionKey(datagram: Buffer): string | undefined {
  if ((datagram[0]! & 0x80) === 0) return datagram.toString("latin1", 1, 1 + cidBytes);
  const header = parseLongHeader(datagram);
  return header && keyOf(header.destinationId);
}

function keyOf(connectionId: Uint8Array): string {
  return Buffer.from(connectionId).toString("latin1");
}

/**
 * The one UDP socket of a peer. STUN, HTTP/3 to the relay and all peer-to-peer connections share it, so
 * that they share one NAT mapping (design section 9). It talks to the relay and to nobody else.
 */
export class PeerSocket {
  readonly relay: Address;
  /** Gets the STUN messages. */
  onStun: DatagramSink | undefined;
  /** Gets what belongs to no connection: HTTP/3. */
  onHttp3: DatagramSink | undefined;

  readonly #socket: Socket;
  readonly #ring: SendRing = new SendRing();
  readonly #routes = new Map<string, DatagramSink>();
  readonly #stats = { foreign: 0, unwanted: 0, sendFailed: 0 };
  #closed: Promise<void> | undefined;

  private constructor(socket: Socket, relay: Address) {
    this.#socket = socket;
    this.relay = relay;
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
    const type = relay.address.includes(":") ? "udp6" : "udp4";
    const socket = createSocket({
      type,
      recvBufferSize: defaults.socketBufferBytes,
      sendBufferSize: defaults.socketBufferBytes,
      // The relay's address is an IP literal: no resolver, and no turn of the event loop, for each datagram.
      lookup: (address, _options, done) => done(null, address, type === "udp6" ? 6 : 4),
    });
    await new Promise<void>((resolve, reject) => {
      socket.once("error", (cause) => reject(listenFailed(host, port, cause)));
      socket.bind(port, host, resolve);
    });
    socket.removeAllListeners("error");
    return new PeerSocket(socket, relay);
  }

  /** The local address. */
  get local(): Address {
    const { address, port } = this.#socket.address();
    return { address, port };
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
    this.#socket.send(this.#ring.take(length), this.relay.port, this.relay.address, this.#onSent);
  }

  /** Sends a datagram that the caller leaves alone from now on. */
  send(datagram: Uint8Array): void {
    if (!this.#closed) this.#socket.send(datagram, this.relay.port, this.relay.address, this.#onSent);
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

  #receive(datagram: Buffer, from: RemoteInfo): void {
    if (from.port !== this.relay.port || unmapAddress(from.address) !== this.relay.address)
      this.#stats.foreign++;
    else if (datagram.length > 0) this.#deliver(datagram);
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

function listenFailed(host: string, port: number, cause: Error): QuicpipeError {
  return new QuicpipeError(
    "ERR_QUICPIPE_LISTEN_FAILED",
    `the peer cannot bind UDP ${host}:${port}: ${cause.message}; choose another host or port`,
    { cause, details: { host, port } },
  );
}
