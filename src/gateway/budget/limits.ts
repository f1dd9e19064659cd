import * as defaults from "../../defaults/index.ts";
import type { BudgetScope } from "./bytes.ts";

/** Limits of a `Budget`; those of bytes hold for unread request bytes and for unsent response bytes each. */
export interface BudgetLimits {
  readonly maxStreamBytes: number;
  readonly maxConnectionBytes: number;
  readonly maxSourceBytes: number;
  readonly maxBytes: number;
  readonly maxConnectionsPerSource: number;
  readonly maxWaitsPerSource: number;
  /** Of those response bytes that the HTTP/3 library has and has not sent. */
  readonly maxConnectionOutboxBytes: number;
  readonly maxSourceOutboxBytes: number;
  readonly maxOutboxBytes: number;
}

/**
 * What a limit was met with, by which limit: `connections` and `waits` are the shares of a source, `arrivals` the
 * connections that it may begin; where the outbox is full, a piece of a response waits. `ahead`, `refusals`, `stray` and
 * `uni-streams` ended a connection, whose client sent too many requests ahead of their answers or asked on without room, sent
 * what nobody waits for, or opened too many unidirectional streams; `slow` ended a request or its connection.
 */
export type BudgetRefusal =
  | `unread-${BudgetScope}`
  | `unsent-${BudgetScope}`
  | `outbox-${BudgetScope}`
  | "connections"
  | "waits"
  | "arrivals"
  | "ahead"
  | "refusals"
  | "stray"
  | "uni-streams"
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
