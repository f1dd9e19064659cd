import * as defaults from "../../defaults/index.ts";
import { isQuicpipeError, QuicpipeError, type QuicpipeErrorCode } from "../../errors.ts";
import type { WaitingMessage } from "../../protocol.ts";
import { pause } from "../time/pause.ts";
import { retryAfterMs } from "./error.ts";

/** What a {@link MailboxLoop} works with. */
export interface MailboxLoopParts<T> {
  /** Long poll for messages. */
  readonly poll: (signal: AbortSignal) => Promise<readonly WaitingMessage[]>;
  /** Makes a connection of a message; calls `onTaken` when the mailbox no longer holds it. */
  readonly accept: (message: WaitingMessage, onTaken: () => void) => Promise<T>;
  /** Ends a connection that nobody wants any more. */
  readonly discard: (connection: T) => void;
  /** Hears of every failure but the last, of which whoever waits hears. */
  readonly onError: (error: QuicpipeError) => void;
  /** Whether another token may come, so that a refused one is not the end. */
  readonly tokenMayChange: boolean;
  /** Connections that are made ahead of whoever waits for them; what is over stays in the mailbox. */
  readonly backlog: number;
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
 * Asks the mailbox for messages and makes connections of them, as many as somebody waits for and some ahead. Errors make
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
  #onChange: (() => void) | undefined;

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
    this.#onChange?.();
    if (connection !== undefined) return Promise.resolve(connection);
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.#controller.signal.aborted) return Promise.resolve(undefined);
    const waiting = Promise.withResolvers<T | undefined>();
    this.#waiting.push(waiting);
    this.#onChange?.();
    return waiting.promise;
  }

  /** Ends it; connections that nobody took are discarded. Idempotent. */
  close(): void {
    this.#controller.abort();
    this.#onChange?.();
    for (const { resolve } of this.#waiting.splice(0)) resolve(undefined);
    for (const connection of this.#accepted.splice(0)) this.#parts.discard(connection);
  }

  async #run(): Promise<void> {
    const { signal } = this.#controller;
    let failures = 0;
    while (!signal.aborted && !this.#failure) {
      await this.#until(() => this.#hasRoom());
      const startedMs = performance.now();
      const outcome = await this.#round(signal);
      failures = outcome.kind === "failed" ? failures + 1 : 0;
      const gapMs = gapAfter(outcome, failures, performance.now() - startedMs);
      if (gapMs > 0) await pause(gapMs, signal);
    }
  }

  /** One poll and what it brought. */
  async #round(signal: AbortSignal): Promise<Outcome> {
    this.#stuck = false;
    try {
      const messages = await this.#parts.poll(signal);
      for (const message of messages) if (this.#hasRoom()) this.#take(message);
      // Else the next poll would bring at once what is in hand.
      await this.#until(() => this.#untaken === 0);
      if (this.#stuck) return { kind: "failed" };
      return { kind: messages.length > 0 ? "messages" : "nothing" };
    } catch (error) {
      if (!signal.aborted) this.#report(error);
      return { kind: "failed", error };
    }
  }

  #take(message: WaitingMessage): void {
    this.#making++;
    this.#untaken++;
    let taken = false;
    const onTaken = (): void => {
      if (!taken) this.#untaken--;
      taken = true;
      this.#onChange?.();
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
        this.#onChange?.();
      });
  }

  #deliver(connection: T): void {
    const waiting = this.#waiting.shift();
    if (waiting) waiting.resolve(connection);
    else if (this.#controller.signal.aborted) this.#parts.discard(connection);
    else this.#accepted.push(connection);
  }

  /** Whether somebody waits for one more connection, or one more may wait for somebody. */
  #hasRoom(): boolean {
    const wanted = this.#waiting.length + this.#parts.backlog;
    return this.#accepted.length + this.#making < wanted;
  }

  async #until(isSo: () => boolean): Promise<void> {
    while (!isSo() && !this.#controller.signal.aborted)
      await new Promise<void>((resolve) => (this.#onChange = resolve));
  }

  #report(error: unknown): void {
    const known = isQuicpipeError(error) ? error : unexpected(error);
    const isFinal = !this.#parts.tokenMayChange && final.has(known.code);
    // Whoever waits is told of the end by that.
    if (!isFinal || this.#waiting.length === 0) this.#parts.onError(known);
    if (!isFinal) return;
    this.#failure = known;
    for (const { reject } of this.#waiting.splice(0)) reject(known);
  }
}

/** What a poll came to; without an error, a failed one brought a message that could not be taken. */
interface Outcome {
  readonly kind: "messages" | "nothing" | "failed";
  readonly error?: unknown;
}

/** How long to wait before the next poll, in ms. */
function gapAfter({ kind, error }: Outcome, failures: number, elapsedMs: number): number {
  if (kind === "messages") return 0;
  if (kind === "nothing") return defaults.emptyPollMs - elapsedMs;
  const [firstMs, longestMs] = defaults.acceptRetryMs;
  const isAway = isQuicpipeError(error) && error.code === "ERR_QUICPIPE_RELAY_UNREACHABLE";
  const retryMs = Math.min(firstMs * 2 ** (failures - 1), isAway ? defaults.relayReturnMs : longestMs);
  return Math.max(retryMs, retryAfterMs(error) ?? 0);
}

function unexpected(cause: unknown): QuicpipeError {
  return new QuicpipeError("ERR_QUICPIPE_INTERNAL", "accepting failed in an unexpected way", { cause });
}
