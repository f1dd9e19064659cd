import type { Address } from "../../wire/address.ts";
import { StunClient } from "./stun-client.ts";
import type { PeerSocket } from "../socket.ts";

/** Asks the relay's second port from a peer's socket, as which the relay's first one sees it (docs/protocol.md, "The second port"). */
export class SecondPort {
  readonly #socket: Pick<PeerSocket, "pathTo">;
  readonly #clients = new Set<StunClient>();

  constructor(socket: Pick<PeerSocket, "pathTo">) {
    this.#socket = socket;
  }

  /** Takes a STUN message from an address of the relay. Ignores everything but an expected answer. */
  receive(datagram: Uint8Array): void {
    for (const client of this.#clients) client.receive(datagram);
  }

  /** Returns the socket's public address as that port sees it; `undefined` if nobody answers in 2.5 s. */
  async ask(to: Address): Promise<Address | undefined> {
    const path = this.#socket.pathTo(to);
    const client = new StunClient((datagram) => path.send(datagram));
    this.#clients.add(client);
    try {
      return await client.ask();
    } finally {
      this.#clients.delete(client);
      path.close();
    }
  }

  /** Abandons all requests. */
  close(): void {
    for (const client of this.#clients) client.close();
  }
}
