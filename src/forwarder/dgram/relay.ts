import { type Address, type PeerAddress, sameAddress } from "../../wire/address.ts";
import type { DropReason, SessionId, SourcePolicy } from "../contract.ts";
import type { Counters } from "../counters.ts";
import type { SessionLookup } from "./demux.ts";
import { InitialRouteTable } from "../initial-routes.ts";
import { type Send, sendDropReason } from "../udp/udp-socket.ts";
import type { RouteTable } from "./route-table.ts";
import { type Session, SessionTable } from "./sessions.ts";

/** Options of a {@link PacketRelay}. */
export interface PacketRelayOptions {
  readonly sourcePolicy: SourcePolicy;
  readonly counters: Counters;
  readonly send: Send;
}

/** What leads datagrams to sessions, the policy for those that have one, and their accounts. */
export class PacketRelay implements SessionLookup {
  readonly sessions: SessionTable = new SessionTable();
  readonly routes: RouteTable = this.sessions.routes;
  readonly initialRoutes: InitialRouteTable = new InitialRouteTable();
  readonly #options: PacketRelayOptions;

  constructor(options: PacketRelayOptions) {
    this.#options = options;
  }

  /** An initial route applies only to datagrams of its dialer; others are sorted as if there were none. */
  findInitial(bytes: Uint8Array, at: number, length: number, source: Address, nowMs: number): SessionId {
    const route = this.initialRoutes.find(bytes, at, length, nowMs);
    const dialer = route && this.sessions.require(route.from).address;
    return dialer && sameAddress(dialer, source) ? route.to : -1;
  }

  /** Forwards a datagram to a session, or counts the refusal. */
  forward(id: SessionId, datagram: Uint8Array, source: Address, nowMs: number): void {
    const to = this.sessions.require(id);
    const sender = this.sessions.senderAt(source.address, source.port, nowMs);
    const refusal = this.#refusalOf(to, sender, source, datagram.length, nowMs);
    if (refusal || !to.address) this.#refuse(refusal ?? "no-address", sender, to);
    else this.#send(datagram, sender, to, to.address, nowMs);
  }

  #refusalOf(
    to: Session,
    sender: Session | undefined,
    source: Address,
    bytes: number,
    nowMs: number,
  ): DropReason | undefined {
    if (to.expiresAtMs <= nowMs) return "session-expired";
    if (!to.address) return "no-address";
    if (!sender && this.#options.sourcePolicy === "registered") return "source-unregistered";
    if (sender && !sender.bucket.take(bytes, nowMs)) return "rate-limited";
    return sameAddress(source, to.address) ? "source-is-destination" : undefined;
  }

  #send(
    datagram: Uint8Array,
    sender: Session | undefined,
    to: Session,
    address: PeerAddress,
    nowMs: number,
  ): void {
    to.counters.firstForwardedAtMs ??= nowMs;
    if (sender) sender.counters.firstForwardedAtMs ??= nowMs;
    this.#options.send(datagram, address, (failure) => {
      if (failure) return this.#drop(sendDropReason(failure));
      const bytes = datagram.length;
      const { relayed } = this.#options.counters;
      relayed.packets++;
      relayed.bytes += bytes;
      to.counters.packetsTo++;
      to.counters.bytesTo += bytes;
      if (!sender) return;
      sender.counters.packetsFrom++;
      sender.counters.bytesFrom += bytes;
    });
  }

  /** Counts a refusal, also for the session that it concerns, if there is one. */
  #refuse(reason: DropReason, sender: Session | undefined, to: Session): void {
    this.#drop(reason);
    if (reason === "no-address") to.counters.packetsNoAddress++;
    if (sender && reason === "rate-limited") sender.counters.packetsLimited++;
    if (sender && reason === "source-is-destination") sender.counters.packetsToItself++;
  }

  #drop(reason: DropReason): void {
    this.#options.counters.dropped[reason]++;
  }
}
