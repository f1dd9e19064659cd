import { LimitedLog } from "../../log.ts";
import { sourceName } from "../../wire/source.ts";

/** Kinds of the gateway's log lines. The number of lines is limited for each kind. */
export type FaultKind =
  | "request-malformed" // header fields or a body that form no valid request
  | "app-failed" // the app threw an error, or its response failed
  | "over-budget" // a client met a limit
  | "too-slow" // a client took too long
  | "connection-failed"; // the HTTP library reported an error

/** A log for lines about one source. */
export type SourceFaults = Pick<LimitedLog<FaultKind>, "write">;

/** The gateway's log. */
export class Faults extends LimitedLog<FaultKind> {
  /** Returns the same log for an IP address. Each line names its source, to which limits apply. */
  of(address: string): SourceFaults {
    const source = sourceName(address);
    return {
      write: (level, kind, message, fields) => this.write(level, kind, message, { source, ...fields }),
    };
  }
}
