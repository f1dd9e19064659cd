import type { Connection, Peer, WaitingDial } from "../../peer/index.ts";
import { answerPings } from "./answering.ts";
import { pingNote, pingProtocol } from "./protocol.ts";

/** Connections of pings at a time. More wait in the mailbox: each takes a registration of this peer's. */
const maxPings = 8;

/** Those who dial an accepter that has time for one of them, and answers the pings of all. */
export class Dialers {
  #pings = 0;
  #isTaken = false;

  /** Whether the one has come. */
  get isTaken(): boolean {
    return this.#isTaken;
  }

  /** Says whether to take a dial out of the mailbox. When the one has come, others wait for the next accepter. */
  readonly accepts = ({ note }: WaitingDial): boolean =>
    note === pingNote ? this.#pings < maxPings : !this.#isTaken;

  /** Returns the first connection that is no ping; `undefined` if the peer is closed before. */
  async first(peer: Peer): Promise<Connection | undefined> {
    for await (const connection of peer) {
      if (this.#answer(connection)) continue;
      this.#isTaken = true;
      return connection;
    }
  }

  /** Goes on to answer pings, until the peer is closed. */
  async answerOthers(peer: Peer): Promise<void> {
    for await (const connection of peer)
      if (!this.#answer(connection)) connection.close({ reason: "this accepter has its peer already" });
  }

  /** Reports whether it is a ping, which is answered from now on. */
  #answer(connection: Connection): boolean {
    if (connection.protocol !== pingProtocol) return false;
    this.#pings++;
    void answerPings(connection).then(() => this.#pings--);
    return true;
  }
}
