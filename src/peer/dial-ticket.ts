import { requireOptions } from "../option-checks.ts";
import type { Connection } from "./connection/connection.ts";
import type { DialOptions } from "./dialing.ts";
import type { PeerOptions } from "./options.ts";
import { Peer } from "./peer.ts";
import { openTicket } from "./ticket/open-ticket.ts";

/** Options of {@link dialTicket}. */
export interface TicketDialOptions extends Omit<DialOptions, "pin" | "trust"> {
  /** Options of the peer that dials, without those that the ticket has. */
  readonly peer?: Omit<PeerOptions, "relay" | "token" | "identity" | "relayCa" | "trust"> | undefined;
}

/**
 * Connects to the peer that made a ticket, with nothing but the ticket: its relay, its token and its key. The caller closes the
 * connection, which then closes its socket.
 *
 * @throws ERR_QUICPIPE_TICKET_INVALID for what is no ticket, ERR_QUICPIPE_INVITATION_USED and ERR_QUICPIPE_INVITATION_ENDED or
 *   ERR_QUICPIPE_TOKEN_EXPIRED for one that is worthless now; otherwise as `Peer.bind` and `peer.dial`.
 */
export async function dialTicket(ticket: string, options: TicketDialOptions = {}): Promise<Connection> {
  const { peer: peerOptions, ...dialOptions } = requireOptions("dialTicket(…)", options, {
    alpn: true,
    direct: true,
    note: true,
    timeoutMs: true,
    signal: true,
    peer: true,
  });
  const { binding, name, pin } = await openTicket(ticket);
  const peer = await Peer.bind({ ...peerOptions, ...binding });
  try {
    const connection = await peer.dial(name, { ...dialOptions, pin });
    void connection.closed.catch(() => undefined).then(() => peer.close());
    return connection;
  } catch (error) {
    await peer.close();
    throw error;
  }
}
