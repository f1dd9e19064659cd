import * as defaults from "../../defaults/index.ts";
import { maxPacketBytes } from "../../protocol.ts";

/**
 * Buffers that datagrams are written into and sent from, so that none is allocated or copied for each. The system takes
 * most of them at once. Otherwise the slot waits in Node's queue. If it is reused too early, the datagram goes out as a
 * copy of a later one, and QUIC recovers as from a loss.
 */
export class SendRing {
  readonly #slots: readonly Buffer[];
  #next = 0;

  constructor() {
    const memory = Buffer.allocUnsafeSlow(defaults.sendSlots * maxPacketBytes);
    this.#slots = Array.from({ length: defaults.sendSlots }, (_, i) =>
      memory.subarray(i * maxPacketBytes, (i + 1) * maxPacketBytes),
    );
  }

  /** Buffer for the next datagram. */
  slot(): Buffer {
    return this.#slots[this.#next]!;
  }

  /** Returns the first `length` bytes of the {@link slot}, and goes on to the next. */
  take(length: number): Buffer {
    const slot = this.#slots[this.#next]!;
    this.#next = (this.#next + 1) % defaults.sendSlots;
    return slot.subarray(0, length);
  }
}
