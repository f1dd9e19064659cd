import type { Attack } from "./attack.ts";
import { forgedTokens } from "./forged-tokens.ts";
import { greedyPeer } from "./greedy-peer.ts";
import { manyRegistrations, newRegistrations } from "./rates.ts";
import { strayDatagrams } from "./stray-datagrams.ts";
import { namedStunFlood, spoofedStunFlood, spoofedVictims, stunFlood } from "./stun-flood.ts";

/** Every kind of hostile traffic that the relay has to hold against. */
export const attacks: readonly Attack[] = [
  strayDatagrams,
  stunFlood,
  spoofedStunFlood,
  spoofedVictims,
  namedStunFlood,
  forgedTokens,
  greedyPeer,
  newRegistrations,
  manyRegistrations,
];
