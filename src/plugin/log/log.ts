import { LimitedLog } from "../../log/log.ts";

/** Every kind of line; each has a share of its own, so that many of one do not hide another. */
export type LogKind =
  | "listening" // the relay's public socket is open
  | "auth" // how tokens are checked, where that is nothing for production
  | "keys" // whether the issuer's keys can be fetched, and which cannot be used
  | "key-unnamed" // a token does not say which of many keys signed it
  | "xdp" // where the kernel forwards has changed
  | "socket-failed" // a socket of the data plane failed
  | "request-failed" // an error that no request should meet
  | "request-refused" // a request got a problem for an answer
  | "registered" // a registration began
  | "moved" // a registration got another address
  | "ended" // a registration is over
  | "revoked" // an administrator ended a registration
  | "observer-failed"; // who listens for registrations threw an error

/** The relay's log. */
export class Log extends LimitedLog<LogKind> {}
