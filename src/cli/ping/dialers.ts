import type { Connection, Peer, WaitingDial } from "../../peer/index.ts";
import { answerPings } from "./answering.ts";
import { pingNote, pingProtocol } from "./protocol.ts";

/** Connections of pings at a time. More wait in the mailbox: each takes a registration of this peer's. */
const maxPings = 8;

/** How many dialers an accepter has time for. */
export interface DialerLimits {
  /** In all; `Infinity` without a bound. */
  readonly inAll: number;
  readonly atOnce: number;
}

/** Those who dial an accepter that has time for some of them, and answers the pings of all. */
export class Dialers {
  #inAll: number;
  readonly #atOnce: number;
  readonly #done = Promise.withResolvers<void>();
  #pings = 0;
  #begun = 0;
  #ended = 0;

  constructor({ inAll, atOnce }: DialerLimits) {
    this.#inAll = inAll;
    this.#atOnce = atOnce;
  }

  /** How many have come that are no pings. */
  get begun(): number {
    return this.#begun;
  }

  /** Whether all have come that there is time for. */
  get areAllThere(): boolean {
    return this.#begun >= this.#inAll;
  }

  /** Says whether to take a dial out of the mailbox. Those that find no time wait for it, or for the next accepter. */
  readonly accepts = ({ note }: WaitingDial): boolean =>
    note === pingNote ? this.#pings < maxPings : this.#hasTime;

  get #hasTime(): boolean {
    return !this.areAllThere && this.#begun - this.#ended < this.#atOnce;
  }

  /**
   * Serves those who dial, and resolves when there was an end to all of them, or the peer is closed.
   *
   * @param work is done for each. What it rejects with ends the serving.
   */
  serve(peer: Peer, work: (connection: Connection) => Promise<void>): Promise<void> {
    this.#take(peer, work).then(this.#done.resolve, this.#done.reject);
    return this.#done.promise;
  }

  /** Takes no more than have come. */
  stop(): void {
    this.#inAll = this.#begun;
    this.#endIfDone();
  }

  async #take(peer: Peer, work: (connection: Connection) => Promise<void>): Promise<void> {
    for await (const connection of peer) {
      if (this.#answer(connection)) continue;
      if (this.#hasTime) this.#begin(connection, work);
      else connection.close({ reason: "this accepter has its peer already" });
    }
  }

  #begin(connection: Connection, work: (connection: Connection) => Promise<void>): void {
    this.#begun++;
    work(connection).then(() => this.#end(), this.#done.reject);
  }

  #end(): void {
    this.#ended++;
    this.#endIfDone();
  }

  #endIfDone(): void {
    if (this.areAllThere && this.#ended === this.#begun) this.#done.resolve();
  }

  /** Reports whether it is a ping, which is answered from now on. */
  #answer(connection: Connection): boolean {
    if (connection.protocol !== pingProtocol) return false;
    this.#pings++;
    void answerPings(connection).then(() => this.#pings--);
    return true;
  }
}
