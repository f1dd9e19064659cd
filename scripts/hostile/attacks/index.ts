import type { Attack } from "../attack.ts";
import { announcedFrames } from "./http3/announced-frames.ts";
import { endlessBodies } from "./http3/endless-bodies.ts";
import { forgedTokens } from "./forged-tokens.ts";
import { greedyPeer } from "./greedy-peer.ts";
import { idleConnections } from "./http3/idle-connections.ts";
import { malformedRequests } from "./http3/malformed-requests.ts";
import { parallelUploads } from "./http3/parallel-uploads.ts";
import { newRegistrations, manyRegistrations } from "./rates.ts";
import { requestFloods } from "./request-floods.ts";
import { requestResets } from "./http3/request-resets.ts";
import { sparseStreams } from "./http3/sparse-streams.ts";
import { slowReaders } from "./http3/slow-readers.ts";
import { slowRequests } from "./http3/slow-requests.ts";
import { oneByteStrangers, initialStrangers, scatteredStrangers, movingStrangers } from "./strangers.ts";
import { smallFields } from "./small-fields.ts";
import { strayDatagrams } from "./stray-datagrams.ts";
import { stunFlood, spoofedStunFlood, spoofedVictims, namedStunFlood } from "./stun-flood.ts";
import { tinyPieces } from "./tiny-pieces.ts";
import { tcpAttacks } from "./tcp/index.ts";

/** Every attack that the relay has to withstand. */
export const attacks: readonly Attack[] = [
  announcedFrames,
  endlessBodies,
  forgedTokens,
  greedyPeer,
  idleConnections,
  malformedRequests,
  parallelUploads,
  newRegistrations,
  manyRegistrations,
  requestFloods,
  requestResets,
  slowReaders,
  slowRequests,
  sparseStreams,
  oneByteStrangers,
  initialStrangers,
  scatteredStrangers,
  movingStrangers,
  strayDatagrams,
  stunFlood,
  spoofedStunFlood,
  spoofedVictims,
  namedStunFlood,
  smallFields,
  tinyPieces,
  ...tcpAttacks,
];
