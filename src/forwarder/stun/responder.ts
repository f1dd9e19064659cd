import type { PeerAddress } from "../../wire/address.ts";
import type { Counters } from "../counters.ts";
import { type Send, sendDropReason } from "../udp/udp-socket.ts";
import { StunServer, type StunServerOptions } from "./server.ts";

/** Options of a {@link StunResponder}. */
export interface StunResponderOptions extends StunServerOptions {
  readonly counters: Counters;
  /** Sends from the public socket. */
  readonly send: Send;
  /** Converts an address from the form that the public socket reports to the plain one. */
  readonly fromWire: (wire: PeerAddress) => PeerAddress;
}

/** Answers the STUN messages that come to the public socket, and counts them. */
export class StunResponder {
  readonly #options: StunResponderOptions;
  readonly #server: StunServer;

  constructor(options: StunResponderOptions) {
    this.#options = options;
    this.#server = new StunServer(options);
  }

  /** Takes a message from `source`, in the form that the public socket reports. */
  receive(datagram: Uint8Array, source: PeerAddress, nowMs: number): void {
    const { fromWire, send, counters } = this.#options;
    const { dropped, stun } = counters;
    const { outcome, reply } = this.#server.answer(datagram, fromWire(source), nowMs);
    stun[outcome]++;
    if (!reply) dropped["stun-unanswered"]++;
    else
      send(reply, source, (failure) => {
        if (!failure) return;
        stun[outcome]--;
        dropped[sendDropReason(failure)]++;
      });
  }
}
