import type { Attack } from "./attack.ts";
import { tcpCrowd } from "./tcp-crowd.ts";
import { tcpEndlessBodies } from "./tcp-endless-bodies.ts";
import { tcpFloods } from "./tcp-floods.ts";
import { tcpSlowReaders } from "./tcp-slow-readers.ts";
import { tcpSlowRequests } from "./tcp-slow-requests.ts";

/** What the relay's TCP port has to hold against. */
export const tcpAttacks: readonly Attack[] = [
  tcpCrowd,
  tcpEndlessBodies,
  tcpFloods,
  tcpSlowReaders,
  tcpSlowRequests,
];
