import type { PeerAddress } from "../../wire/address.ts";
import { codeOf } from "../../system-error.ts";

/**
 * Sends one datagram, from `to.local` if that is known. `done` is called by the end of the current turn, unless the system's
 * buffer is full: with `null` if the system took the datagram, otherwise with the system's error, or its code alone.
 */
export type Send = (datagram: Uint8Array, to: PeerAddress, done: (failure: unknown) => void) => void;

/** Returns the reason under which to count a datagram that {@link Send} could not send. */
export function sendDropReason(failure: unknown): "send-buffer-full" | "send-failed" {
  return bufferFullCodes.has(codeOf(failure)) ? "send-buffer-full" : "send-failed";
}

/** Error codes of a socket, or of the network card behind it, that has no room at the moment. */
const bufferFullCodes: ReadonlySet<string> = new Set(["EAGAIN", "ENOBUFS"]);
