import type { Address } from "../wire/address.ts";

/**
 * Sends one datagram. `done` hears of the outcome, by the end of the current turn unless the system's buffer
 * is full: `null` if it was handed to the system, anything else says why not.
 */
export type Send = (datagram: Uint8Array, to: Address, done: (failure: unknown) => void) => void;
