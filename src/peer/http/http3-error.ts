import type { QuicpipeError } from "../../errors.ts";
import type { EngineEnd } from "../engine/contract.ts";
import { relayUnreachable } from "./http.ts";

/**
 * Returns the error for a relay that cannot be reached by HTTP/3.
 *
 * @param sent whether the relay may have carried out the request.
 */
export function unreachable(
  why: string,
  sent: boolean,
  more: Readonly<Record<string, unknown>> = {},
  remedy = "check its address, its certificate and that UDP gets through",
): QuicpipeError {
  return relayUnreachable(`${why}; ${remedy}`, { sent, ...more });
}

/** Returns the error for a relay whose certificate does not verify. */
export function distrusted(why: string, remedy?: string): QuicpipeError {
  return unreachable(why, false, { untrusted: true }, remedy);
}

/** QUIC's INTERNAL_ERROR (RFC 9000 §20.1), and the code for the TLS alert no_application_protocol (RFC 9001 §4.8, RFC 8446 §6). */
const [internalError, noApplicationProtocol] = [0x1, 0x178];
/** The code for the TLS alert unknown_ca, as for a certificate that has signed itself. */
const unknownCa = 0x130;

/** Why this side refused the relay's certificate, by the alert that it sent. */
const certificateAlerts: ReadonlyMap<number, string> = new Map([
  [0x12a, "its certificate cannot be read"],
  [0x12d, "its certificate has expired, or is not valid yet"],
  [0x12e, "its certificate is not one of a server that a trusted CA issued"],
  [unknownCa, "its certificate is not issued by a trusted CA"],
]);

const caRemedy =
  "give its CA as `relayCa` (--relay-ca on the command line); for `quicpipe relay` that is the file its log names";

const pinRemedy = "get the relay's pin anew, or another ticket, from whom you trust";

/**
 * Returns the error of a connection to the relay that has ended by itself.
 *
 * @param phase how far it had come.
 * @param remote the relay's address.
 * @param isPinned whether the relay is known by the pin of its key.
 */
export function endError(
  { by, isApplication, errorCode, reason }: EngineEnd,
  phase: "handshake" | "session",
  remote: string,
  isPinned = false,
): (sent: boolean) => QuicpipeError {
  const untrusted = by === "this" && certificateAlerts.get(errorCode);
  if (untrusted && isPinned) return () => distrusted("its key is not the one that was pinned", pinRemedy);
  if (untrusted) return () => distrusted(untrusted, errorCode === unknownCa ? caRemedy : undefined);
  const note = reason && ` (${reason})`;
  const code = `0x${errorCode.toString(16)}${note}`;
  const say = (why: string) => (sent: boolean) => unreachable(why, sent && phase === "session");
  if (by === "silence") return say(phase === "session" ? "it fell silent" : `${remote} does not answer`);
  if (errorCode === noApplicationProtocol && !isApplication) return say(`${remote} speaks no HTTP/3`);
  if (by === "this" && errorCode === internalError) return say(`this side's QUIC engine failed${note}`);
  if (by === "this") return say(`what it sends is no QUIC: error ${code}`);
  return say(`it ended the ${phase} with ${isApplication ? "HTTP/3" : "QUIC"} error ${code}`);
}
