import { LimitedLog } from "../log.ts";

/** What the gateway tells of; each kind has a share of the lines of its own. */
export type FaultKind =
  | "request-malformed" // header fields or a body that make no request
  | "app-failed" // the app threw an error, or its response failed
  | "over-budget" // a client met a limit
  | "too-slow" // a client took too long
  | "connection-failed"; // the HTTP library reported an error

/** The gateway's log. */
export class Faults extends LimitedLog<FaultKind> {}
