import { isIPv6 } from "node:net";
import { type Address, formatAddress } from "../../wire/address.ts";
import type { RelayReason } from "../path/policy.ts";

/** The path that a connection's packets take. */
export interface ConnectionPath {
  readonly kind: "relay" | "direct";
  /** Where packets are sent: the relay, or the other peer, as `192.0.2.1:443` or `[2001:db8::1]:443`. */
  readonly remote: string;
  readonly family: "IPv4" | "IPv6";
  /** Smoothed round-trip time in ms; of the relay's path to the other peer and back. */
  readonly rttMs: number;
  /** When packets began to take it, in ms since the epoch. */
  readonly since: number;
  /** Whether packets take the relay as well, as the direct path is in doubt, or had no data for 5 s. */
  readonly isMirrored: boolean;
  /** Why it is the relay; absent while a direct path is being looked for. */
  readonly reason?: RelayReason;
}

export function pathOf(
  kind: ConnectionPath["kind"],
  remote: Address,
  rttMs: number,
  since: number,
  isMirrored = false,
): ConnectionPath {
  const family = isIPv6(remote.address) ? "IPv6" : "IPv4";
  return { kind, remote: formatAddress(remote), family, rttMs, since, isMirrored };
}
