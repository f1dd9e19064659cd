import type { Place } from "../addresses.ts";

/** A direction straight between the peers. */
export type DirectWay = "alice-to-bob" | "bob-to-alice";

/** A direction between a peer and the relay. */
export type RelayWay = `${Place}-to-relay` | `relay-to-${Place}`;

/** One direction, or all that are direct, or all that lead to and from the relay. */
export type Ways = "direct" | "relay" | DirectWay | RelayWay;

export function eachWay(ways: Ways): readonly (DirectWay | RelayWay)[] {
  if (ways === "direct") return ["alice-to-bob", "bob-to-alice"];
  if (ways === "relay") return ["alice-to-relay", "relay-to-alice", "bob-to-relay", "relay-to-bob"];
  return [ways];
}
