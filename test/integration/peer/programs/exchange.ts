import { setTimeout as sleep } from "node:timers/promises";

const period = 65_521;
/** Bytes of the pattern from any place of a period on. */
const pattern = Buffer.from(
  Array.from({ length: 2 * period }, (_, i) => (i % period) * 7 + ((i % period) >> 8)),
);

/** How an exchange goes. */
export interface ExchangeReport {
  readonly sent: number;
  readonly received: number;
  /** Whether all that has come back is what was sent, with nothing lost or doubled in between. */
  readonly isExact: boolean;
  /** The longest time in which nothing came since the last report, in ms. */
  readonly worstGapMs: number;
}

/** How much is sent, and how often. */
export interface Pace {
  readonly bytesPerSecond: number;
  readonly turnMs: number;
}

/** Sends bytes on a stream at a steady rate, and checks that they come back as they were, all the while. */
export class Exchange {
  /** Resolves when it has ended, and everything has come back. */
  readonly done: Promise<void>;
  readonly #pace: Pace;
  #sent = 0;
  #received = 0;
  #isExact = true;
  #lastMs = performance.now();
  #worstGapMs = 0;
  #isEnding = false;

  constructor(stream: ReadableWritablePair<Uint8Array, Uint8Array>, pace: Pace) {
    this.#pace = pace;
    this.done = this.#receive(stream.readable);
    // What goes wrong with it shows in what comes back.
    void this.#send(stream.writable).catch(() => undefined);
  }

  report(): ExchangeReport {
    this.#arrives();
    const report = {
      sent: this.#sent,
      received: this.#received,
      isExact: this.#isExact,
      worstGapMs: Math.round(this.#worstGapMs),
    };
    this.#worstGapMs = 0;
    return report;
  }

  /** Sends no more. */
  end(): void {
    this.#isEnding = true;
  }

  async #send(writable: WritableStream<Uint8Array>): Promise<void> {
    const writer = writable.getWriter();
    const startMs = performance.now();
    while (!this.#isEnding) {
      const due = Math.floor(((performance.now() - startMs) * this.#pace.bytesPerSecond) / 1000) - this.#sent;
      const at = this.#sent % period;
      this.#sent += Math.min(due, period);
      if (due > 0) await writer.write(pattern.subarray(at, at + Math.min(due, period)));
      await sleep(this.#pace.turnMs);
    }
    await writer.close();
  }

  async #receive(readable: ReadableStream<Uint8Array>): Promise<void> {
    for await (const chunk of readable) {
      this.#arrives();
      for (let at = 0; at < chunk.length; at += period) this.#check(chunk.subarray(at, at + period));
    }
  }

  #check(bytes: Uint8Array): void {
    const place = this.#received % period;
    this.#isExact &&= pattern.subarray(place, place + bytes.length).equals(bytes);
    this.#received += bytes.length;
  }

  #arrives(): void {
    const nowMs = performance.now();
    this.#worstGapMs = Math.max(this.#worstGapMs, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
  }
}
