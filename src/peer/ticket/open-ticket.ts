import type { PeerOptions } from "../options.ts";
import { identityOfSeed } from "./one-time-identity.ts";
import { decodeTicket } from "./ticket.ts";

/** A ticket as options: whom to dial, and how to bind the peer that does. */
export interface OpenTicket {
  readonly binding: Required<Pick<PeerOptions, "relay" | "token" | "identity">> &
    Pick<PeerOptions, "relayCa">;
  readonly name: string;
  readonly pin: string;
}

/**
 * Reads a ticket.
 *
 * @throws ERR_QUICPIPE_TICKET_INVALID, ERR_QUICPIPE_DEPENDENCY_MISSING
 */
export async function openTicket(text: string): Promise<OpenTicket> {
  const { relay, relayPin, name, pin, token, seed } = decodeTicket(text);
  const identity = await identityOfSeed(seed);
  return {
    binding: { relay, token, identity, ...(relayPin !== undefined && { relayCa: relayPin }) },
    name,
    pin,
  };
}
