import * as defaults from "../defaults.ts";
import { isQuicpipeError, QuicpipeError, type QuicpipeErrorCode } from "../errors.ts";
import type { WaitingMessage } from "../protocol.ts";
import { pause } from "./pause.ts";

/** What a {@link MailboxLoop} works with. */
export interface MailboxLoopParts<T> {
  /** Long poll for messages. */
  readonly poll: (signal: AbortSignal) => Promise<readonly WaitingMessage[]>;
  /** Makes a connection of a message; calls `onTaken` when the mailbox no longer holds it. */
  readonly accept: (message: WaitingMessage, onTaken: () => void) => Promise<T>;
  /** Ends a connection that nobody wants any more. */
  readonly discard: (connection: T) => void;
  /** Hears of every failure. */
  readonly onError: (error: QuicpipeError) => void;
  /** Whether another token may come, so that a refused one is not the end. */
  readonly tokenMayChange: boolean;
}

/** Refusals that asking again does not change. */
const final: ReadonlySet<QuicpipeErrorCode> = new Set([
  "ERR_QUICPIPE_TOKEN_MISSING",
  "ERR_QUICPIPE_TOKEN_INVALID",
  "ERR_QUICPIPE_TOKEN_EXPIRED",
  "ERR_QUICPIPE_TOKEN_UNSIGNED",
  "ERR_QUICPIPE_TOKEN_AUDIENCE",
  "ERR_QUICPIPE_SCOPE_MISSING",
]);

/**
 * Asks the mailbox for messages and makes connections of them, while somebody waits for connections. Errors make
 * it ask more slowly; only a refusal for good ends it.
 */
export class MailboxLoop<T> {
  readonly #parts: MailboxLoopParts<T>;
  readonly #controller = new AbortController();
  readonly #accepted: T[] = [];
  readonly #waiting: PromiseWithResolvers<T | undefined>[] = [];
  /** Messages that the mailbox still holds although they are in hand. */
  #untaken = 0;
  /** Connections in the making. */
  #making = 0;
  /** A message could not be taken, so that the next poll would bring it again at once. */
  #stuck = false;
  #started = false;
  #failure: QuicpipeError | undefined;
  #onRoom: (() => void) | undefined;

  constructor(parts: MailboxLoopParts<T>) {
    this.#parts = parts;
  }

  /** Starts asking. Idempotent. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    void this.#run();
  }

  /** The next connection; `undefined` after {@link close}. */
  next(): Promise<T | undefined> {
    this.start();
    const connection = this.#accepted.shift();
    if (connection !== undefined) {
      this.#onRoom?.();
      return Promise.resolve(connection);
    }
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.#controller.signal.aborted) return Promise.resolve(undefined);
    const waiting = Promise.withResolvers<T | undefined>();
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  /** Ends it; connections that nobody took are discarded. Idempotent. */
  close(): void {
    this.#controller.abort();
    this.#onRoom?.();
    for (const { resolve } of this.#waiting.splice(0)) resolve(undefined);
    for (const connection of this.#accepted.splice(0)) this.#parts.discard(connection);
  }

  async #run(): Promise<void> {
    const { signal } = this.#controller;
    const [firstMs, longestMs] = defaults.acceptRetryMs;
    let retryMs = firstMs;
    while (!signal.aborted && !this.#failure) {
      const askedMs = await this.#round(signal);
      if (askedMs === undefined) retryMs = firstMs;
      else {
        await pause(Math.max(retryMs, askedMs), signal);
        retryMs = Math.min(retryMs * 2, longestMs);
      }
    }
  }

  /** One poll and what it brought; after a failure, how long the relay asks to wait at least, in ms. */
  async #round(signal: AbortSignal): Promise<number | undefined> {
    this.#stuck = false;
    try {
      for (const message of await this.#parts.poll(signal)) this.#take(message);
      await this.#room();
      return this.#stuck ? 0 : undefined;
    } catch (error) {
      if (!signal.aborted) this.#report(error);
      return retryAfterMs(error);
    }
  }

  #take(message: WaitingMessage): void {
    this.#making++;
    this.#untaken++;
    let taken = false;
    const onTaken = (): void => {
      if (!taken) this.#untaken--;
      taken = true;
      this.#onRoom?.();
    };
    this.#parts
      .accept(message, onTaken)
      .then((connection) => this.#deliver(connection))
      .catch((error: unknown) => {
        this.#stuck ||= !taken;
        this.#report(error);
      })
      .finally(() => {
        this.#making--;
        onTaken();
      });
  }

  #deliver(connection: T): void {
    const waiting = this.#waiting.shift();
    if (waiting) waiting.resolve(connection);
    else if (this.#controller.signal.aborted) this.#parts.discard(connection);
    else this.#accepted.push(connection);
  }

  /**
   * Waits until what is in hand has left the mailbox, or the next poll would bring it again at once, and until
   * there is room for more connections.
   */
  async #room(): Promise<void> {
    const mustWait = (): boolean =>
      this.#untaken > 0 || this.#accepted.length + this.#making >= defaults.maxMessagesPerRecipient;
    while (mustWait() && !this.#controller.signal.aborted)
      await new Promise<void>((resolve) => (this.#onRoom = resolve));
  }

  #report(error: unknown): void {
    const known = isQuicpipeError(error) ? error : unexpected(error);
    this.#parts.onError(known);
    if (this.#parts.tokenMayChange || !final.has(known.code)) return;
    this.#failure = known;
    for (const { reject } of this.#waiting.splice(0)) reject(known);
  }
}

function retryAfterMs(error: unknown): number {
  const seconds = isQuicpipeError(error) ? error.details["retryAfterSeconds"] : undefined;
  return typeof seconds === "number" ? seconds * 1000 : 0;
}

function unexpected(cause: unknown): QuicpipeError {
  return new QuicpipeError("ERR_QUICPIPE_INTERNAL", "accepting failed in an unexpected way", { cause });
}
