import type { Socket } from "node:dgram";
import { isIPv4 } from "node:net";
import { type Address, isWildcard, type PeerAddress, plainIp, unmapAddress } from "../../wire/address.ts";
import type { ForwarderOptions } from "../contract.ts";
import { listen } from "../listen.ts";
import { LocalSockets } from "./local-sockets.ts";
import { hostAddresses } from "../own-address.ts";
import { codeOf } from "../../system-error.ts";
import { bindUdpSocket, closeUdpSocket, type Send, sendFrom, type UdpSocketOptions } from "./udp-socket.ts";

/** Receives a datagram. `source` includes the address of this host that it was sent to, if that is known. */
export type Receive = (datagram: Uint8Array, source: PeerAddress) => void;

/** Options of {@link openPublicSocket}. `onError` is called for faults of the sockets, and for addresses that can have none. */
export interface PublicSocketOptions extends Pick<
  ForwarderOptions,
  "host" | "port" | "socketBufferBytes" | "onError"
> {
  /** Name of the option that gave the port, for an error. */
  readonly option?: string;
}

/**
 * Binds the relay's UDP port. `::` takes IPv4 as well, and becomes `0.0.0.0` if the system has no IPv6. The caller closes it.
 *
 * @throws ERR_QUICPIPE_LISTEN_FAILED
 */
export async function openPublicSocket(options: PublicSocketOptions): Promise<PublicSocket> {
  const { host: address, port, option } = options;
  const socket = new PublicSocket(
    await listen({ address, port, option }, (host) => bind({ ...options, host })),
    options,
  );
  await socket.follow();
  return socket;
}

/**
 * The relay's UDP port, with a socket for each address of the host if it is bound to all of them. Addresses on its hot path are
 * in the form that the sockets report (see `toWire`); their `local` is always in plain form.
 */
export class PublicSocket {
  /** The bound address, in plain form. */
  readonly bound: Address;
  /** Why answers may leave from another address than the one that was asked; `undefined` if they do not. */
  readonly limitation: string | undefined;
  /** Receives the datagrams. Those that come before it is set are lost. */
  onDatagram: Receive | undefined;

  readonly #options: PublicSocketOptions;
  readonly #socket: Socket;
  readonly #isDualStack: boolean;
  readonly #send: Send;
  #localSockets: LocalSockets | undefined;

  constructor({ socket, limitation }: Bound, options: PublicSocketOptions) {
    const { address, family, port } = socket.address();
    this.bound = { address, port };
    this.limitation = limitation;
    this.#options = options;
    this.#socket = socket;
    this.#isDualStack = family === "IPv6";
    this.#send = sendFrom(socket);
    socket.on("message", (datagram, source) => this.onDatagram?.(datagram, source));
    socket.on("error", options.onError);
  }

  /** Opens the sockets for each address, if there is to be more than one. */
  async follow(): Promise<void> {
    const { address, port } = this.bound;
    if (!isWildcard(address) || this.limitation !== undefined) return;
    const { onError, socketBufferBytes } = this.#options;
    this.#localSockets = await LocalSockets.open({
      port,
      socketBufferBytes,
      addresses: () => hostAddresses().filter((held) => address === "::" || isIPv4(held)),
      spell: (held) => this.toWire({ address: held, port }).address,
      opened: (socket, local) => this.#listenAt(socket, local),
      onError,
    });
  }

  /** Sends from `to.local`, or from the address that routing picks if that is not known. */
  readonly send: Send = (datagram, to, done) => {
    const send = to.local === undefined ? this.#send : this.#localSockets?.sendFrom(to.local);
    if (send) send(datagram, to, done);
    else done("EADDRNOTAVAIL");
  };

  /** Converts a plain address to the form that the sockets report: IPv4 becomes `::ffff:…` on dual-stack ones. */
  toWire({ address, port, local }: PeerAddress): PeerAddress {
    // In the system's spelling, because addresses are compared as text.
    const plain = plainIp(address);
    const isMapped = this.#isDualStack && !plain.includes(":");
    return { address: isMapped ? `::ffff:${plain}` : plain, port, local };
  }

  /** The inverse of `toWire`. */
  readonly fromWire = ({ address, port, local }: PeerAddress): PeerAddress => ({
    address: unmapAddress(address),
    port,
    local,
  });

  /** Keeps the process alive, as it does from the start. The sockets of single addresses never do. */
  ref(): void {
    this.#socket.ref();
  }

  unref(): void {
    this.#socket.unref();
  }

  async close(): Promise<void> {
    await Promise.all([closeUdpSocket(this.#socket), this.#localSockets?.close()]);
  }

  #listenAt(socket: Socket, local: string): void {
    socket.on("message", (datagram, { address, port }) =>
      this.onDatagram?.(datagram, { address, port, local }),
    );
  }
}

interface Bound {
  readonly socket: Socket;
  readonly limitation?: string;
}

/** The port is first bound exclusively, so that one already in use is refused; then it is shared with the relay's own sockets. */
async function bind(options: UdpSocketOptions): Promise<Bound> {
  const alone = await bindUdpSocket(options);
  if (!isWildcard(options.host)) return { socket: alone };
  const { port } = alone.address();
  await closeUdpSocket(alone);
  try {
    return { socket: await bindUdpSocket({ ...options, port, isShared: true }) };
  } catch (error) {
    const code = codeOf(error);
    if (code === "EADDRINUSE") throw error;
    const limitation = `answers from the address that routing picks, as this system lets no sockets share a port (${code})`;
    return { socket: await bindUdpSocket({ ...options, port }), limitation };
  }
}
