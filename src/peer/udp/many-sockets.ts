import { createSocket, type Socket } from "node:dgram";
import { maxSearchVerdicts, openerTtl } from "../../defaults/index.ts";
import { type Address, sameAddress } from "../../wire/address.ts";

/** What {@link ManySockets} send, and what they look for. */
export interface SocketsParts {
  /** IPv4 literal to bind. */
  readonly host: string;
  /** The other peer's address, the only one that they send to and receive from. */
  readonly to: Address;
  /** Reports whether a datagram is a check of the other peer's. */
  readonly isCheck: (datagram: Buffer) => boolean;
  /** A check has come to a local port. All sockets are closed by then. */
  readonly onCheck: (localPort: number, datagram: Buffer) => void;
}

/**
 * Sockets that each have this side's NAT make a mapping to one address of the other peer. Each sends an opener: what arrived at the other
 * side's NAT could spoil it.
 */
export class ManySockets {
  readonly #parts: SocketsParts;
  readonly #sockets = new Set<Socket>();
  #verdictsLeft: number = maxSearchVerdicts;

  constructor(parts: SocketsParts) {
    this.#parts = parts;
  }

  /** Opens one more, which sends a datagram. One that the system does not give is left out. */
  open(datagram: Uint8Array): void {
    const { host, to } = this.#parts;
    const socket = createSocket("udp4");
    socket.unref();
    this.#sockets.add(socket);
    socket.on("error", () => this.#drop(socket));
    socket.on("message", (received, from) => this.#receive(socket, received, from));
    socket.bind(0, host, () => {
      socket.setTTL(openerTtl);
      socket.send(datagram, to.port, to.address);
    });
  }

  /** Closes them all. Idempotent. */
  close(): void {
    for (const socket of this.#sockets) this.#drop(socket);
  }

  #drop(socket: Socket): void {
    if (this.#sockets.delete(socket)) socket.close();
  }

  #receive(socket: Socket, datagram: Buffer, from: Address): void {
    const { to, isCheck, onCheck } = this.#parts;
    // Whoever claims to be the other peer costs a hash each, and not many.
    if (!sameAddress(from, to) || --this.#verdictsLeft < 0 || !isCheck(datagram)) return;
    const { port } = socket.address();
    this.close();
    onCheck(port, datagram);
  }
}
