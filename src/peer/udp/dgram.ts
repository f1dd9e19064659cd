import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { isIPv4, isIPv6 } from "node:net";
import * as defaults from "../../defaults/index.ts";
import { type Address, formatAddress, mapAddress, unmapAddress } from "../../wire/address.ts";
import type { EngineConnection } from "../engine/contract.ts";
import type { PortOwner, UdpPort } from "./contract.ts";
import { SendRing } from "./send-ring.ts";

/** A port of node:dgram. It takes a call for each datagram, and has no direct paths. */
export class DgramPort implements UdpPort {
  readonly address: Address;
  /** Node has no option for that. */
  readonly mayFragment = true;
  readonly #socket: Socket;
  readonly #owner: PortOwner;
  readonly #ring: SendRing = new SendRing();
  /** The sources, as the socket reports them. */
  #sources: ReadonlySet<string> = new Set();
  #foreign = 0;
  #sendFailed = 0;
  #isClosed = false;

  private constructor(socket: Socket, owner: PortOwner) {
    this.address = socket.address();
    this.#socket = socket;
    this.#owner = owner;
    socket.on("message", (datagram, from) => this.#receive(datagram, from));
    // A fault of the socket itself. QUIC and STUN retransmit the lost datagrams.
    socket.on("error", () => this.#sendFailed++);
  }

  /** @throws the system's error if the address is taken or not there. */
  static async bind(host: string, port: number, owner: PortOwner): Promise<DgramPort> {
    return new DgramPort(await bound(host, port), owner);
  }

  get foreign(): number {
    return this.#foreign;
  }

  get sendFailed(): number {
    return this.#sendFailed;
  }

  get strangersRefused(): number {
    return 0;
  }

  /** node:dgram gives each datagram at once. */
  get crowdedOut(): number {
    return 0;
  }

  setSources(relay: readonly Address[]): void {
    this.#sources = new Set(
      relay.map(({ address, port }) => formatAddress({ address: this.#onWire(address), port })),
    );
  }

  send(datagram: Uint8Array, to: Address): void {
    this.#send(datagram, to.port, this.#onWire(to.address));
  }

  flush(connection: EngineConnection, relay: Address): boolean {
    const address = this.#onWire(relay.address);
    for (let length = 0; (length = connection.send(this.#ring.slot())) > 0;)
      this.#send(this.#ring.take(length), relay.port, address);
    return false;
  }

  close(): Promise<void> {
    this.#isClosed = true;
    return new Promise((resolve) => void this.#socket.close(() => resolve()));
  }

  /** Counts datagrams that did not leave. QUIC and STUN retransmit them. */
  readonly #onSent = (error: Error | null): void => {
    if (error) this.#sendFailed++;
  };

  #send(datagram: Uint8Array, port: number, address: string): void {
    if (!this.#isClosed) this.#socket.send(datagram, port, address, this.#onSent);
  }

  #receive(datagram: Buffer, from: RemoteInfo): void {
    const { address, port } = from;
    if (!this.#sources.has(formatAddress(from))) this.#foreign++;
    else if (datagram.length > 0)
      this.#owner.onDatagram(datagram, 0, { address: unmapAddress(address), port });
  }

  /** An IPv6 socket takes and reports an IPv4 address as a mapped one (RFC 4291 §2.5.5.2). */
  #onWire(address: string): string {
    return isIPv4(address) && isIPv6(this.address.address) ? mapAddress(address) : address;
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
