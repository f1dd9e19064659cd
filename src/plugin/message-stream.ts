import type { ReadableStreamDefaultController, UnderlyingSource } from "node:stream/web";
import { eventStreamKeepaliveMs } from "../defaults.ts";
import { type MessageWait, messageList, openWait } from "./message-wait.ts";

/**
 * Streams what waits for the caller as server-sent events `messages`: the whole list at first and after each
 * change. A list is made only when the client reads, so one that stopped reading costs nothing. Ends when
 * the relay drains, the client goes or its token expires.
 *
 * @throws ERR_QUICPIPE_WAITER_QUOTA
 */
export function messageStream(wait: MessageWait, nowMs: number): ReadableStream<Uint8Array> {
  return new ReadableStream(new MessageEvents(wait, nowMs), { highWaterMark: 0 });
}

/** Longest delay that a Node timer keeps; a longer one would fire at once. */
const maxTimerMs = 2 ** 31 - 1;
const encoder = new TextEncoder();

class MessageEvents implements UnderlyingSource<Uint8Array> {
  readonly #wait: MessageWait;
  readonly #lifeMs: number;
  #releases: (() => void)[] = [];
  #changed = true;
  #ended = false;
  #wake = (): void => undefined;

  constructor(wait: MessageWait, nowMs: number) {
    this.#wait = wait;
    this.#lifeMs = Math.min(wait.identity.expiresAtMs - nowMs, maxTimerMs);
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    const { mailbox, identity, signal } = this.#wait;
    const end = (): void => {
      if (this.#ended) return;
      this.cancel();
      controller.close();
    };
    const closeWait = openWait(this.#wait, end);
    const unwatch = mailbox.watch(identity.subject, () => {
      this.#changed = true;
      this.#wake();
    });
    const expiry = setTimeout(end, this.#lifeMs);
    signal.addEventListener("abort", end);
    this.#releases = [
      closeWait,
      unwatch,
      () => clearTimeout(expiry),
      () => signal.removeEventListener("abort", end),
    ];
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    if (!this.#changed) await this.#changeOrKeepalive();
    if (!this.#ended) controller.enqueue(encoder.encode(this.#next()));
  }

  cancel(): void {
    this.#ended = true;
    for (const release of this.#releases) release();
    this.#wake();
  }

  #next(): string {
    if (!this.#changed) return ": keepalive\n\n";
    this.#changed = false;
    const { mailbox, identity } = this.#wait;
    return `event: messages\ndata: ${JSON.stringify(messageList(mailbox, identity.subject))}\n\n`;
  }

  #changeOrKeepalive(): Promise<unknown> {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const timer = setTimeout(resolve, eventStreamKeepaliveMs);
    this.#wake = () => {
      clearTimeout(timer);
      resolve(undefined);
    };
    return promise;
  }
}
