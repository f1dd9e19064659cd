import * as defaults from "../../defaults/index.ts";
import { checkOptions, type IntegerRange, range } from "../../option-checks.ts";
import type { BudgetScope } from "./bytes.ts";
import type { RoomScope } from "./room.ts";

/**
 * Limits of a `Budget`: whole numbers from 1. Those in bytes apply to unread request bytes and to unsent response bytes
 * separately.
 */
export interface BudgetLimits {
  /** Bytes of one request; 4 MiB by default. */
  readonly maxStreamBytes: number;
  /** Bytes of one connection; 4 MiB by default. */
  readonly maxConnectionBytes: number;
  /** Bytes of one source (an IPv4 address or an IPv6 /64); 8 MiB by default. */
  readonly maxSourceBytes: number;
  /** Bytes in all; 128 MiB by default. A source or a network may hold no more than is left for all others. */
  readonly maxBytes: number;
  /** Connections of one source, over UDP and TCP together; 128 by default. */
  readonly maxConnectionsPerSource: number;
  /** Requests of one source that wait for the app for more than a second; 256 by default. */
  readonly maxWaitsPerSource: number;
  /** Response bytes of one connection that the HTTP/3 library holds unsent; 512 KiB by default. */
  readonly maxConnectionOutboxBytes: number;
  /** The same of one source; 1 MiB by default. */
  readonly maxSourceOutboxBytes: number;
  /** The same in all; 3 MiB by default. At 4 MiB the library accepts nothing more. */
  readonly maxOutboxBytes: number;
}

/**
 * The limit that was met. `connections` and `waits` are shares of a source, `arrivals` its rate of new connections. With a full
 * outbox a response or the next request waits. These ended a connection: `ahead` (too many requests ahead of their responses),
 * `refusals` (more requests without room), `malformed` (a message of HTTP/1.1 that cannot be read, or requests in a row),
 * `cancelled` (too many requests cancelled over HTTP/3), `stray` (bytes that belong to no request), `uni-streams` (too many
 * unidirectional streams), `fields` (long header fields too often), `pieces` (bodies in tiny pieces), `crowded` (took next to
 * nothing of its responses for 2 s while others had no room), `made-way` (its network had the most connections, and no place was
 * left for another network's). `slow` ended a request or its connection.
 */
export type BudgetRefusal =
  | `unread-${BudgetScope}`
  | `unsent-${BudgetScope}`
  | `outbox-${RoomScope}`
  | "connections"
  | "waits"
  | "arrivals"
  | "ahead"
  | "refusals"
  | "malformed"
  | "cancelled"
  | "stray"
  | "uni-streams"
  | "fields"
  | "pieces"
  | "crowded"
  | "made-way"
  | "slow";

/** Request bytes that the app has not read yet, or response bytes that the client has not taken yet. */
export type ByteKind = "unread" | "unsent";

const ranges: Readonly<Record<keyof BudgetLimits, IntegerRange>> = {
  maxStreamBytes: range(1, defaults.maxStreamBytes),
  maxConnectionBytes: range(1, defaults.maxConnectionBytes),
  maxSourceBytes: range(1, defaults.maxSourceBytes),
  maxBytes: range(1, defaults.maxGatewayBytes),
  maxConnectionsPerSource: range(1, defaults.maxConnectionsPerSource),
  maxWaitsPerSource: range(1, defaults.maxWaitsPerSource),
  maxConnectionOutboxBytes: range(1, defaults.maxConnectionOutboxBytes),
  maxSourceOutboxBytes: range(1, defaults.maxSourceOutboxBytes),
  maxOutboxBytes: range(1, defaults.maxOutboxBytes),
};

/** Checks the limits and fills in the defaults. @throws ERR_QUICPIPE_OPTION_INVALID, naming the limit */
export function resolveLimits(given: Partial<BudgetLimits> | undefined): BudgetLimits {
  return checkOptions("Budget(…)", given, ranges);
}
