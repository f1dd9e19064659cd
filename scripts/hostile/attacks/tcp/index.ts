import type { Attack } from "../../attack.ts";
import { tcpCrowd } from "./crowd.ts";
import { tcpEndlessBodies } from "./endless-bodies.ts";
import { tcpFloods } from "./floods.ts";
import { tcpSlowReaders } from "./slow-readers.ts";
import { tcpSlowRequests } from "./slow-requests.ts";

/** The attacks on the relay's TCP port. */
export const tcpAttacks: readonly Attack[] = [
  tcpCrowd,
  tcpEndlessBodies,
  tcpFloods,
  tcpSlowReaders,
  tcpSlowRequests,
];
