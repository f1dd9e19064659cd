import { type Address, plainIp, sameAddress } from "../../wire/address.ts";
import { openConnectedSocket } from "../udp/connected-socket.ts";
import { StunClient } from "./stun-client.ts";
import type { PeerSocket } from "../socket.ts";

/** Asks the relay's second port from a peer's socket, as which the relay's first one sees it (docs/protocol.md, "The second port"). */
export class SecondPort {
  readonly #socket: Pick<PeerSocket, "pathTo" | "localFor">;
  /** By the address that they ask. */
  readonly #clients = new Map<StunClient, Address>();
  /** Those with a socket of their own, which the system lets receive from one address alone. */
  readonly #apart = new Set<StunClient>();
  #isClosed = false;

  constructor(socket: Pick<PeerSocket, "pathTo" | "localFor">) {
    this.#socket = socket;
  }

  /** Takes a STUN message. Ignores everything but an expected answer from where it was asked for. */
  receive(datagram: Uint8Array, from: Address): void {
    for (const [client, asked] of this.#clients) if (sameAddress(asked, from)) client.receive(datagram);
  }

  /** Returns the socket's public address as that port sees it; `undefined` if nobody answers in 2.5 s. */
  async ask(to: Address): Promise<Address | undefined> {
    if (this.#isClosed) return undefined;
    const path = this.#socket.pathTo(to);
    const client = new StunClient((datagram) => path.send(datagram));
    this.#clients.set(client, { ...to, address: plainIp(to.address) });
    try {
      return await client.ask();
    } finally {
      this.#clients.delete(client);
      path.close();
    }
  }

  /** The same from a new socket at the same address of the host, for which a NAT makes a new mapping. */
  async askAnew(to: Address): Promise<Address | undefined> {
    if (this.#isClosed) return undefined;
    const client: StunClient = new StunClient((datagram) => socket.send(datagram));
    const local = this.#socket.localFor(to).address;
    const socket = await openConnectedSocket(local, to, (datagram) => client.receive(datagram));
    this.#apart.add(client);
    try {
      return await client.ask();
    } finally {
      this.#apart.delete(client);
      socket.close();
    }
  }

  /** Abandons all requests, and makes no more. */
  close(): void {
    this.#isClosed = true;
    for (const client of [...this.#clients.keys(), ...this.#apart]) client.close();
  }
}
