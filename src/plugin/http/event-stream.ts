import type { ReadableStreamDefaultController, UnderlyingSource } from "node:stream/web";
import { eventStreamKeepaliveMs, maxTimerMs } from "../../defaults/index.ts";
import type { Identity } from "../auth/identity.ts";
import { openWait, type Wait } from "./caller-limits.ts";

/** A stream's source: a state that each reader gets in its newest version, whenever it is ready. */
export interface EventSource {
  /** Calls `onChange` at each change, until the returned function is called. */
  watch(identity: Identity, onChange: () => void): () => void;
  /** Returns the current state as the text of an event. */
  read(identity: Identity): string | Promise<string>;
}

/**
 * Streams a source as server-sent events: its state at first and after changes. An event is created only when the client
 * reads, so a client that stops reading costs nothing and leaves no backlog. The stream ends when the relay drains, the
 * client disconnects or its token expires; it breaks off with the error if the source cannot be read.
 *
 * @throws ERR_QUICPIPE_WAITER_QUOTA
 */
export function eventStream(source: EventSource, wait: Wait, nowMs: number): ReadableStream<Uint8Array> {
  return new ReadableStream(new Events(source, wait, nowMs), { highWaterMark: 0 });
}

/** Answers with an {@link eventStream}. */
export function eventStreamResponse(stream: ReadableStream<Uint8Array>): Response {
  return new Response(stream, {
    headers: {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      // nginx would hold events back until its buffer is full (ngx_http_proxy_module).
      "x-accel-buffering": "no",
    },
  });
}

/** Formats one event (HTML, section 9.2). JSON without indentation has no line breaks that could end it early. */
export function formatEvent(name: string, json: string): string {
  return `event: ${name}\ndata: ${json}\n\n`;
}

const encoder = new TextEncoder();

class Events implements UnderlyingSource<Uint8Array> {
  readonly #source: EventSource;
  readonly #wait: Wait;
  readonly #lifeMs: number;
  #open = new DisposableStack();
  #changed = true;
  #ended = false;
  #wake = (): void => undefined;

  constructor(source: EventSource, wait: Wait, nowMs: number) {
    this.#source = source;
    this.#wait = wait;
    this.#lifeMs = Math.min(wait.identity.expiresAtMs - nowMs, maxTimerMs);
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    const onChange = (): void => {
      this.#changed = true;
      this.#wake();
    };
    const end = (): void => {
      if (this.#ended) return;
      this.cancel();
      controller.close();
    };
    const watch = (): (() => void) => this.#source.watch(this.#wait.identity, onChange);
    this.#open = openWait(this.#wait, this.#lifeMs, watch, end);
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    if (!this.#changed) await this.#changeOrKeepalive();
    if (this.#ended) return;
    const text = await this.#next();
    if (!this.#ended) controller.enqueue(encoder.encode(text));
  }

  cancel(): void {
    this.#ended = true;
    this.#open.dispose();
    this.#wake();
  }

  async #next(): Promise<string> {
    if (!this.#changed) return ": keepalive\n\n";
    this.#changed = false;
    try {
      return await this.#source.read(this.#wait.identity);
    } catch (error) {
      // The stream breaks off with the error, and does not ask its source to cancel.
      this.cancel();
      throw error;
    }
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
