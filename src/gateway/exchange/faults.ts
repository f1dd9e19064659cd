import { LimitedLog } from "../../log/log.ts";
import { sourceName } from "../../wire/source.ts";

/** What the gateway tells of; each kind has a share of the lines of its own. */
export type FaultKind =
  | "request-malformed" // header fields or a body that make no request
  | "app-failed" // the app threw an error, or its response failed
  | "over-budget" // a client met a limit
  | "too-slow" // a client took too long
  | "connection-failed"; // the HTTP library reported an error

/** Where lines go that are about one source. */
export type SourceFaults = Pick<LimitedLog<FaultKind>, "write">;

/** The gateway's log. */
export class Faults extends LimitedLog<FaultKind> {
  /** The same log for what comes from an IP address: each line has its source, which limits count for. */
  of(address: string): SourceFaults {
    const source = sourceName(address);
    return {
      write: (level, kind, message, fields) => this.write(level, kind, message, { source, ...fields }),
    };
  }
}
