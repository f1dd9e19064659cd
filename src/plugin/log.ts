import { LimitedLog } from "../log.ts";

/** Kinds of log lines. Each has its own share, so that many lines of one kind do not hide another. */
export type LogKind =
  | "listening" // the relay's public socket is open
  | "auth" // the way tokens are checked, if unfit for production
  | "scopes" // the app's function grants an unknown scope
  | "keys" // the state of the issuer's keys: reachability, unusable keys
  | "key-unnamed" // a token does not name its key among many
  | "xdp" // kernel forwarding has changed
  | "listen-failed" // a request failed to open the socket
  | "socket-failed" // a socket of the data plane failed
  | "request-failed" // an unexpected error of a request
  | "request-refused" // a request was answered with a problem
  | "registered" // a registration began
  | "moved" // a registration got another address
  | "ended" // a registration ended
  | "revoked" // an administrator ended a registration
  | "observer-failed"; // an observer of registrations threw an error

/** The log of a relay. */
export class Log extends LimitedLog<LogKind> {}
