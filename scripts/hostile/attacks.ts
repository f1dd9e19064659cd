import type { Attack } from "./attack.ts";
import { endlessBodies } from "./endless-bodies.ts";
import { forgedTokens } from "./forged-tokens.ts";
import { greedyPeer } from "./greedy-peer.ts";
import { idleConnections } from "./idle-connections.ts";
import { malformedRequests } from "./malformed-requests.ts";
import { parallelUploads } from "./parallel-uploads.ts";
import { newRegistrations, manyRegistrations } from "./rates.ts";
import { requestResets } from "./request-resets.ts";
import { slowReaders } from "./slow-readers.ts";
import { slowRequests } from "./slow-requests.ts";
import { oneByteStrangers, initialStrangers, scatteredStrangers, movingStrangers } from "./strangers.ts";
import { strayDatagrams } from "./stray-datagrams.ts";
import { stunFlood, spoofedStunFlood, spoofedVictims, namedStunFlood } from "./stun-flood.ts";
import { tcpAttacks } from "./tcp-attacks.ts";

/** Every kind of hostile traffic that the relay has to hold against. */
export const attacks: readonly Attack[] = [
  endlessBodies,
  forgedTokens,
  greedyPeer,
  idleConnections,
  malformedRequests,
  parallelUploads,
  newRegistrations,
  manyRegistrations,
  requestResets,
  slowReaders,
  slowRequests,
  oneByteStrangers,
  initialStrangers,
  scatteredStrangers,
  movingStrangers,
  strayDatagrams,
  stunFlood,
  spoofedStunFlood,
  spoofedVictims,
  namedStunFlood,
  ...tcpAttacks,
];
