import { isIPv4 } from "node:net";
import { plainIp } from "../../../wire/address.ts";
import { scopeOf } from "../seeking/reachability.ts";
import type { Place } from "../seeking/surroundings.ts";

/**
 * Reports whether the ports of an IP address may be searched: a public IPv4 address, and not the one that this host has outside, as the relay or
 * the router tells it. A peer in the same network needs no search, and a search of that network is nothing that another host may ask for.
 */
export function isSearchable(
  ip: string,
  { reflexive, otherFamily, mapped }: Pick<Place, "reflexive" | "otherFamily" | "mapped">,
): boolean {
  const plain = plainIp(ip);
  const own = [...reflexive, ...otherFamily, ...mapped].map(({ address }) => plainIp(address));
  return isIPv4(plain) && scopeOf(plain) === "global" && !own.includes(plain);
}
