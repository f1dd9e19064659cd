import { isIPv6 } from "node:net";
import * as defaults from "../../../defaults/index.ts";
import type { Address } from "../../../wire/address.ts";

/** An address of the other peer that answers checks, and how soon. */
export interface Answering {
  readonly address: Address;
  readonly rttMs: number;
}

/** Reports whether a direct path is worth taking beside a relay: a detour by far may be the direct one. */
export function isWorthIt(directRttMs: number, relayRttMs: number): boolean {
  return directRttMs <= defaults.slowestDirect.ofRelay * relayRttMs + defaults.slowestDirect.plusMs;
}

/** Reports whether an address is so much better than the one in use that a change pays. */
export function isBetter(other: Answering, current: Answering): boolean {
  const gainMs = worthMs(current) - worthMs(other);
  const { leastMs, share } = defaults.gainToChange;
  return gainMs >= Math.max(leastMs, share * current.rttMs);
}

/** IPv6 has a head start, as no NAT can forget it. */
function worthMs({ address, rttMs }: Answering): number {
  return rttMs - (isIPv6(address.address) ? defaults.ipv6HeadStartMs : 0);
}
