import type { Address } from "../../wire/address.ts";
import { cidBytes } from "../../wire/connection-id.ts";
import { isStun } from "../../wire/stun.ts";
import type { SessionId } from "../contract.ts";
import type { RouteTable } from "./route-table.ts";

/** What leads to sessions. */
export interface SessionLookup {
  /** The 12-byte connection IDs in use. */
  readonly routes: Pick<RouteTable, "find">;
  /** Returns the session that the DCID at `at` leads to if a datagram comes from `source`, the dialer's address; otherwise −1. */
  findInitial(bytes: Uint8Array, at: number, length: number, source: Address, nowMs: number): SessionId;
}

/** Verdicts on datagrams that lead to no session. All are below zero, so none is a session id. */
export const verdict = {
  /** For the application's HTTP/3 server. */
  gateway: -1,
  /** A STUN message. */
  stun: -2,
  /** Without payload. */
  empty: -3,
  /** A peer's long header to a connection ID that leads nowhere, or nowhere yet. */
  noRoute: -4,
} as const;

/** The id of the session that a datagram leads to, or one of {@link verdict}. */
export type Sorted = SessionId | (typeof verdict)[keyof typeof verdict];

/** Offset of the DCID in a long header, in bytes (RFC 8999 §5.1): after first byte, version and length. */
const longDestination = 6;
/** Offset of the DCID in a short header (RFC 8999 §5.2). */
const shortDestination = 1;

/**
 * Sorts a UDP payload from `source` by the rules of docs/protocol.md. Each connection ID is looked up once. Allocates nothing
 * while there are no initial routes.
 */
export function classify(
  datagram: Uint8Array,
  source: Address,
  nowMs: number,
  sessions: SessionLookup,
): Sorted {
  if (datagram.length === 0) return verdict.empty;
  if (datagram[0]! >= 0x80) return classifyLong(datagram, source, nowMs, sessions);
  if (isStun(datagram)) return verdict.stun;
  if (datagram.length < shortDestination + cidBytes) return verdict.gateway;
  return isRelayed(datagram, shortDestination)
    ? sessions.routes.find(datagram, shortDestination)
    : verdict.gateway;
}

function classifyLong(datagram: Uint8Array, source: Address, nowMs: number, sessions: SessionLookup): Sorted {
  // The length of the source CID must follow the destination CID.
  if (datagram.length <= longDestination) return verdict.gateway;
  const length = datagram[longDestination - 1]!;
  if (longDestination + length >= datagram.length) return verdict.gateway;
  if (length === cidBytes && isRelayed(datagram, longDestination)) {
    const session = sessions.routes.find(datagram, longDestination);
    if (session >= 0) return session;
  }
  const accepter = sessions.findInitial(datagram, longDestination, length, source, nowMs);
  if (accepter >= 0) return accepter;
  return isFromPeer(datagram, longDestination + length, sessions) ? verdict.noRoute : verdict.gateway;
}

/**
 * Reports whether the source connection ID whose length is at `at` is registered. Then the packet is most likely an Initial that a dialer
 * sends again while its first flight travels by other means. The gateway would answer it with a handshake of its own, which
 * would end the dial.
 */
function isFromPeer(datagram: Uint8Array, at: number, { routes }: SessionLookup): boolean {
  if (datagram[at] !== cidBytes || at + cidBytes >= datagram.length) return false;
  return isRelayed(datagram, at + 1) && routes.find(datagram, at + 1) >= 0;
}

/** Relayed connection IDs have the top bit clear, so half of the foreign ones need no lookup. */
function isRelayed(datagram: Uint8Array, at: number): boolean {
  return datagram[at]! < 0x80;
}
