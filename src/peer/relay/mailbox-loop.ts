import * as defaults from "../../defaults/index.ts";
import { isQuicpipeError, QuicpipeError } from "../../errors.ts";
import type { RefusalReason, WaitingMessage } from "../../protocol.ts";
import { isWithinShare } from "../../share.ts";
import { TokenBucket } from "../../token-bucket.ts";
import { refusalFor } from "../refusal.ts";
import { pause } from "../time/pause.ts";
import { retryAfterMs } from "./error.ts";
import { isFinal } from "./listening.ts";

/** The parts of a {@link MailboxLoop}. */
export interface MailboxLoopParts<T> {
  /** Long poll for messages. */
  readonly poll: (signal: AbortSignal) => Promise<readonly WaitingMessage[]>;
  /** Says whether to take a message now. One that is not stays in the mailbox, unless there is a reason to refuse it for. */
  readonly wants: (message: WaitingMessage) => boolean | RefusalReason;
  /** Refuses a message. Resolves to whether the mailbox no longer holds it. Never rejects. */
  readonly refuse: (message: WaitingMessage, reason: RefusalReason) => Promise<boolean>;
  /** Makes a connection from a message. Calls `onTaken` when the mailbox no longer holds it. */
  readonly accept: (message: WaitingMessage, onTaken: () => void) => Promise<T>;
  /** Ends a connection that is no longer wanted. */
  readonly discard: (connection: T) => void;
  /** Receives every failure, except a final one that rejects pending calls of `next`. */
  readonly onError: (error: QuicpipeError) => void;
  /** Whether the token may change, so that its refusal is not final. */
  readonly tokenMayChange: boolean;
  /** Connections made ahead of calls of `next`. Further messages stay in the mailbox. */
  readonly backlog: number;
}

/**
 * Asks the mailbox for messages and makes connections from them: one for each pending call of `next`, and some ahead.
 * Errors slow it down; only a final refusal ends it.
 */
export class MailboxLoop<T> {
  readonly #parts: MailboxLoopParts<T>;
  readonly #controller = new AbortController();
  readonly #accepted: T[] = [];
  readonly #waiting: PromiseWithResolvers<T | undefined>[] = [];
  /** Refusals that may be made. Each is a request on this peer's account. */
  readonly #refusals = new TokenBucket(defaults.refusalsPerSecond, defaults.refusalBurst, performance.now());
  /** Messages in hand that the mailbox still holds. */
  #untaken = 0;
  /** Connections in the making, by the sender of the message. None of them is trusted yet. */
  readonly #making = new Map<string, number>();
  /** Set when a message could not be taken. The next poll would return it again at once. */
  #stuck = false;
  /** Set when the mailbox has let go of a message that was refused. */
  #refused = false;
  /** Messages that were gone when they were to be taken. The next poll does not return them. */
  #gone = 0;
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

  /** Returns the next connection; `undefined` after {@link close}. */
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

  /** Ends the loop and discards connections that were not taken. Idempotent. */
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

  /** Polls once and handles the messages. */
  async #round(signal: AbortSignal): Promise<Outcome> {
    this.#stuck = this.#refused = false;
    this.#gone = 0;
    try {
      const messages = await this.#parts.poll(signal);
      const taken = messages.filter((message) => this.#takeInTurn(message));
      // Otherwise the next poll would return the messages in hand at once.
      await this.#until(() => this.#untaken === 0);
      if (this.#stuck) return { kind: "failed" };
      // Messages that are not wanted, or wait for their sender's share, come with every poll, and a sender may recall one after the other.
      return { kind: taken.length > this.#gone || this.#refused ? "messages" : "nothing" };
    } catch (error) {
      if (!signal.aborted) this.#report(error);
      return { kind: "failed", error };
    }
  }

  /** Takes a message that is wanted if its sender's share has room, so that no dialer's unfinished handshakes keep others out. */
  #takeInTurn(message: WaitingMessage): boolean {
    const all = this.#wanted();
    const held = { own: this.#making.get(message.sender) ?? 0, all: this.#held() };
    const hasRoom = isWithinShare(1, held, { one: Math.ceil(all / 2), all });
    const wanted = hasRoom && this.#parts.wants(message);
    if (wanted === true) this.#take(message);
    else if (wanted !== false) void this.#refuseUnwanted(message, wanted);
    return wanted === true;
  }

  async #refuseUnwanted(message: WaitingMessage, reason: RefusalReason): Promise<void> {
    this.#untaken++;
    await this.#refuse(message, reason);
    this.#untaken--;
    this.#onChange?.();
  }

  /** Refuses a message, if it is not one too many, and reports whether the mailbox has let it go. */
  async #refuse(message: WaitingMessage, reason: RefusalReason): Promise<boolean> {
    if (!this.#refusals.take(1, performance.now())) return false;
    const isRefused = await this.#parts.refuse(message, reason);
    this.#refused ||= isRefused;
    return isRefused;
  }

  #count(sender: string, change: 1 | -1): void {
    const making = (this.#making.get(sender) ?? 0) + change;
    if (making > 0) this.#making.set(sender, making);
    else this.#making.delete(sender);
  }

  #take(message: WaitingMessage): void {
    this.#count(message.sender, 1);
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
      .catch(async (error: unknown) => {
        const reason = isQuicpipeError(error) ? refusalFor[error.code] : undefined;
        if (!taken && isGone(error)) this.#gone++;
        // Before the report, which may be the end of the peer.
        else if (!taken && !(reason && (await this.#refuse(message, reason)))) this.#stuck = true;
        this.#report(error);
      })
      .finally(() => {
        this.#count(message.sender, -1);
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

  /** Whether a call of `next` is pending, or the backlog has room. */
  #hasRoom(): boolean {
    return this.#held() < this.#wanted();
  }

  #wanted(): number {
    return this.#waiting.length + this.#parts.backlog;
  }

  /** Connections that are made or in the making, and that nobody has taken. */
  #held(): number {
    return this.#accepted.length + [...this.#making.values()].reduce((sum, making) => sum + making, 0);
  }

  async #until(isSo: () => boolean): Promise<void> {
    while (!isSo() && !this.#controller.signal.aborted)
      await new Promise<void>((resolve) => (this.#onChange = resolve));
  }

  #report(error: unknown): void {
    const known = isQuicpipeError(error) ? error : unexpected(error);
    const isForGood = isFinal(known, this.#parts.tokenMayChange);
    // Pending calls of `next` receive a final failure themselves.
    if (!isForGood || this.#waiting.length === 0) this.#parts.onError(known);
    if (!isForGood) return;
    this.#failure = known;
    for (const { reject } of this.#waiting.splice(0)) reject(known);
  }
}

/** Whether the mailbox no longer holds a message: its sender has recalled it, or another accepter was faster. */
function isGone(error: unknown): boolean {
  return (
    isQuicpipeError(error, "ERR_QUICPIPE_MESSAGE_NOT_FOUND") ||
    isQuicpipeError(error, "ERR_QUICPIPE_MESSAGE_TAKEN")
  );
}

/** Outcome of a poll. One that failed without an error brought a message that could not be taken. */
interface Outcome {
  readonly kind: "messages" | "nothing" | "failed";
  readonly error?: unknown;
}

/** Returns the wait before the next poll, in ms. */
function gapAfter({ kind, error }: Outcome, failures: number, elapsedMs: number): number {
  if (kind === "messages") return 0;
  if (kind === "nothing") return defaults.emptyPollMs - elapsedMs;
  const [firstMs, longestMs] = defaults.acceptRetryMs;
  const isAway = isQuicpipeError(error, "ERR_QUICPIPE_RELAY_UNREACHABLE");
  const retryMs = Math.min(firstMs * 2 ** (failures - 1), isAway ? defaults.relayReturnMs : longestMs);
  return Math.max(retryMs, retryAfterMs(error) ?? 0);
}

function unexpected(cause: unknown): QuicpipeError {
  return new QuicpipeError("ERR_QUICPIPE_INTERNAL", "accepting failed in an unexpected way", { cause });
}
