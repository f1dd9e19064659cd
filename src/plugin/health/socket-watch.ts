import { isQuicpipeError } from "../../errors.ts";
import type { ForwarderStats } from "../../forwarder/index.ts";

/** The figures that grow with every datagram that comes. */
type Received = Pick<ForwarderStats, "relayed" | "gateway" | "dropped" | "stun">;

/** Tells whether the public socket is lost: it has failed, and nothing has come through it since. */
export class SocketWatch {
  #hasFailed = false;
  /** Datagrams so far, at the first look after the fault. */
  #atFault: number | undefined;

  /** Notes a fault. One of a single address (ERR_QUICPIPE_LISTEN_FAILED) leaves the others. */
  failed(error: unknown): void {
    if (isQuicpipeError(error, "ERR_QUICPIPE_LISTEN_FAILED")) return;
    this.#hasFailed = true;
    this.#atFault = undefined;
  }

  /** @param figures read only while there is a fault. */
  isLost(figures: () => Received): boolean {
    if (!this.#hasFailed) return false;
    const received = sumOf(figures());
    this.#atFault ??= received;
    if (received > this.#atFault) this.#hasFailed = false;
    return this.#hasFailed;
  }
}

function sumOf({ relayed, gateway, dropped, stun }: Received): number {
  const counts = [...Object.values(dropped), ...Object.values(stun)];
  return counts.reduce((sum, count) => sum + count, relayed.packets + gateway.packetsIn);
}
