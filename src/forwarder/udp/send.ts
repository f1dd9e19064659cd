import type { PeerAddress } from "../../wire/address.ts";
import { codeOf } from "../../system-error.ts";

/**
 * Sends one datagram, from `to.local` where that is known. `done` hears of the outcome, by the end of the current turn unless the system's buffer
 * is full: `null` if it was handed to the system, else the system's error, or its code alone.
 */
export type Send = (datagram: Uint8Array, to: PeerAddress, done: (failure: unknown) => void) => void;

/** The reason to count a datagram under that {@link Send} could not send. */
export function sendDropReason(failure: unknown): "send-buffer-full" | "send-failed" {
  return bufferFullCodes.has(codeOf(failure)) ? "send-buffer-full" : "send-failed";
}

/** What systems say when a socket, or the network card behind it, has no room at the moment. */
const bufferFullCodes: ReadonlySet<string> = new Set(["EAGAIN", "ENOBUFS"]);
