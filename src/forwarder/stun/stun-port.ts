import { openPublicSocket, type PublicSocketOptions } from "../udp/public-socket.ts";
import type { StunPortOutcome } from "../contract.ts";
import { PlainStun } from "./plain-stun.ts";

/**
 * A second UDP port of a relay: a peer that asks both sees what its NAT makes of another destination (RFC 5780 §4.3). It answers
 * plain STUN and carries nothing.
 */
export interface StunPort {
  readonly number: number;
  counts(): Readonly<Record<StunPortOutcome, number>>;
  close(): Promise<void>;
}

/** Options of {@link openStunPort}. */
export interface StunPortOptions extends PublicSocketOptions {
  /** Returns ms since the epoch, by a clock that does not jump. */
  readonly now: () => number;
}

/**
 * Opens a second port for STUN, which keeps no process alive. The caller closes it.
 *
 * @throws ERR_QUICPIPE_LISTEN_FAILED, with `stunPort` as the option
 */
export async function openStunPort(options: StunPortOptions): Promise<StunPort> {
  const socket = await openPublicSocket({ ...options, option: "stunPort" });
  socket.unref();
  const stun = new PlainStun(options.now());
  socket.onDatagram = (datagram, from) => {
    const answer = stun.answer(datagram, socket.fromWire(from), options.now());
    // One that the system does not take is lost like any other: the peer asks again.
    if (answer) socket.send(answer, from, () => undefined);
  };
  return {
    number: socket.bound.port,
    counts: () => ({ ...stun.counts }),
    close: () => socket.close(),
  };
}
