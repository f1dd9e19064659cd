import * as defaults from "../../defaults/index.ts";
import type { BudgetScope } from "./bytes.ts";
import type { RoomScope } from "./room.ts";

/** Limits of a `Budget`. Those in bytes apply to unread request bytes and to unsent response bytes separately. */
export interface BudgetLimits {
  readonly maxStreamBytes: number;
  readonly maxConnectionBytes: number;
  readonly maxSourceBytes: number;
  readonly maxBytes: number;
  readonly maxConnectionsPerSource: number;
  readonly maxWaitsPerSource: number;
  /** Limits on response bytes that the HTTP/3 library holds unsent. */
  readonly maxConnectionOutboxBytes: number;
  readonly maxSourceOutboxBytes: number;
  readonly maxOutboxBytes: number;
}

/**
 * The limit that was met. `connections` and `waits` are shares of a source, `arrivals` its rate of new connections. With a full
 * outbox a response or the next request waits. These ended a connection: `ahead` (too many requests ahead of their responses),
 * `refusals` (more requests without room), `stray` (bytes that belong to no request), `uni-streams` (too many unidirectional
 * streams), `pieces` (bodies in tiny pieces), `crowded` (took next to nothing of its responses for 2 s while others had no room),
 * `made-way` (its network had the most connections, and no place was left for another network's). `slow` ended a request or its
 * connection.
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
  | "stray"
  | "uni-streams"
  | "pieces"
  | "crowded"
  | "made-way"
  | "slow";

/** Request bytes that the app has not read yet, or response bytes that the client has not taken yet. */
export type ByteKind = "unread" | "unsent";

export const defaultLimits: BudgetLimits = {
  maxStreamBytes: defaults.maxStreamBytes,
  maxConnectionBytes: defaults.maxConnectionBytes,
  maxSourceBytes: defaults.maxSourceBytes,
  maxBytes: defaults.maxGatewayBytes,
  maxConnectionsPerSource: defaults.maxConnectionsPerSource,
  maxWaitsPerSource: defaults.maxWaitsPerSource,
  maxConnectionOutboxBytes: defaults.maxConnectionOutboxBytes,
  maxSourceOutboxBytes: defaults.maxSourceOutboxBytes,
  maxOutboxBytes: defaults.maxOutboxBytes,
};
