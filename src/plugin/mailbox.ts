import { randomBytes } from "node:crypto";
import * as defaults from "../defaults.ts";
import { QuicpipeError } from "../errors.ts";
import type { MessageState } from "../protocol.ts";
import { ExpiryBuckets } from "../registry/index.ts";
import type { Message, MessageContent, MessageTrace } from "./message.ts";

/** What bounds a mailbox store. */
export interface MailboxLimits {
  /** Messages in all, waiting or ended. */
  readonly maxMessages: number;
  readonly maxMessagesPerRecipient: number;
  readonly maxMessagesPerSender: number;
}

/** Totals since the start, beside `queued`, the messages that wait right now. */
export interface MailboxStats {
  readonly queued: number;
  readonly taken: number;
  readonly expired: number;
  readonly recalled: number;
}

interface Entry {
  readonly id: string;
  readonly sender: string;
  readonly recipient: string;
  readonly note: string | null;
  packets: readonly Uint8Array[];
  readonly destinationId: Uint8Array;
  readonly from: string | undefined;
  readonly trace: MessageTrace;
  state: MessageState;
  readonly createdAtMs: number;
  readonly deadlineMs: number;
  /** The deadline while it waits; then the end of the tombstone. */
  expiresAtMs: number;
}

/**
 * Messages that wait for their recipients, in memory. Each is taken once or expires, and its sender can see
 * which for a while after (`defaults.messageTombstoneMs`). One whose time is over counts as expired, swept or not.
 */
export class Mailbox {
  readonly #limits: MailboxLimits;
  readonly #now: () => number;
  readonly #byId = new Map<string, Entry>();
  readonly #inboxes = new Map<string, Set<Entry>>();
  readonly #outboxes = new Map<string, Set<Entry>>();
  readonly #watchers = new Map<string, Set<() => void>>();
  readonly #expiry: ExpiryBuckets<Entry> = new ExpiryBuckets(defaults.sweepIntervalMs);
  readonly #ended = { taken: 0, expired: 0, recalled: 0 };
  #queued = 0;

  constructor(limits: MailboxLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  /**
   * Keeps a message until it is taken, recalled or `ttlMs` have passed.
   *
   * @param limited whether the sender's own limits apply.
   * @throws ERR_QUICPIPE_SENDER_QUOTA, ERR_QUICPIPE_MAILBOX_FULL, ERR_QUICPIPE_MAILBOX_STORE_FULL
   */
  send(content: MessageContent, ttlMs: number, limited: boolean): Message {
    if (limited) this.#requireSenderRoom(content.sender);
    this.#requireRoom(content.recipient);
    const nowMs = this.#now();
    const deadlineMs = nowMs + ttlMs;
    const entry: Entry = {
      ...content,
      id: randomBytes(16).toString("base64url"),
      state: "queued",
      createdAtMs: nowMs,
      deadlineMs,
      expiresAtMs: deadlineMs,
    };
    this.#byId.set(entry.id, entry);
    addTo(this.#inboxes, entry.recipient, entry);
    addTo(this.#outboxes, entry.sender, entry);
    this.#expiry.add(entry);
    this.#queued++;
    this.#notify(entry.recipient);
    return entry;
  }

  /** Lists what waits for a recipient, oldest first. */
  list(recipient: string): Message[] {
    return [...(this.#inboxes.get(recipient) ?? [])].filter((entry) => this.#waits(entry));
  }

  /**
   * Hands out a message to its recipient, once.
   *
   * @throws ERR_QUICPIPE_MESSAGE_NOT_FOUND, also if it has expired; ERR_QUICPIPE_MESSAGE_TAKEN
   */
  take(recipient: string, id: string): MessageContent {
    const entry = this.#byId.get(id);
    if (entry?.recipient !== recipient) throw notFound();
    if (entry.state === "taken") throw taken();
    if (!this.#waits(entry)) throw notFound();
    const content = { ...entry };
    this.#finish(entry, "taken");
    return content;
  }

  /** The sender's view of a message. @throws ERR_QUICPIPE_MESSAGE_NOT_FOUND */
  status(sender: string, recipient: string, id: string): Message {
    const entry = this.#sent(sender, recipient, id);
    if (entry.state === "queued" && !this.#waits(entry)) this.#finish(entry, "expired");
    return entry;
  }

  /** Takes a message back, or forgets one that expired. @throws ERR_QUICPIPE_MESSAGE_NOT_FOUND, ERR_QUICPIPE_MESSAGE_TAKEN */
  recall(sender: string, recipient: string, id: string): void {
    const { state } = this.status(sender, recipient, id);
    if (state === "taken") throw taken();
    const entry = this.#sent(sender, recipient, id);
    if (state === "queued") {
      this.#leaveInbox(entry);
      this.#ended.recalled++;
    }
    this.#forget(entry);
  }

  /** Calls `onChange` whenever what waits for a recipient changes, until the returned function is called. */
  watch(recipient: string, onChange: () => void): () => void {
    addTo(this.#watchers, recipient, onChange);
    return () => removeFrom(this.#watchers, recipient, onChange);
  }

  /** Ends one message that has expired, or forgets one whose end was visible long enough, at each step. */
  *sweep(): Generator<undefined> {
    for (const entry of this.#expiry.due(this.#now())) {
      if (entry.state === "queued") this.#finish(entry, "expired");
      else this.#forget(entry);
      yield;
    }
  }

  stats(): MailboxStats {
    return { queued: this.#queued, ...this.#ended };
  }

  #requireSenderRoom(sender: string): void {
    const { maxMessagesPerSender } = this.#limits;
    const sent = [...(this.#outboxes.get(sender) ?? [])];
    const waiting = sent.filter((entry) => this.#waits(entry)).length;
    if (waiting < maxMessagesPerSender && sent.length < defaults.maxVisibleMessagesPerSender) return;
    throw new QuicpipeError(
      "ERR_QUICPIPE_SENDER_QUOTA",
      `${waiting} of your messages wait and ${sent.length - waiting} ended lately: wait for some to be taken, or recall one`,
    );
  }

  #requireRoom(recipient: string): void {
    if (this.list(recipient).length >= this.#limits.maxMessagesPerRecipient)
      throw new QuicpipeError(
        "ERR_QUICPIPE_MAILBOX_FULL",
        "the recipient's mailbox is full: try again when it has taken some",
      );
    if (this.#byId.size >= this.#limits.maxMessages)
      throw new QuicpipeError(
        "ERR_QUICPIPE_MAILBOX_STORE_FULL",
        "the relay's message store is full: try again later",
      );
  }

  #sent(sender: string, recipient: string, id: string): Entry {
    const entry = this.#byId.get(id);
    if (entry?.sender === sender && entry.recipient === recipient) return entry;
    throw notFound();
  }

  #waits(entry: Entry): boolean {
    return entry.state === "queued" && entry.deadlineMs > this.#now();
  }

  /** Keeps of a message only what its sender may still ask for. */
  #finish(entry: Entry, state: "taken" | "expired"): void {
    this.#leaveInbox(entry);
    entry.state = state;
    entry.packets = [];
    this.#ended[state]++;
    this.#expiry.move(entry, this.#now() + defaults.messageTombstoneMs);
  }

  #leaveInbox(entry: Entry): void {
    removeFrom(this.#inboxes, entry.recipient, entry);
    this.#queued--;
    this.#notify(entry.recipient);
  }

  #forget(entry: Entry): void {
    this.#byId.delete(entry.id);
    removeFrom(this.#outboxes, entry.sender, entry);
    this.#expiry.delete(entry);
  }

  #notify(recipient: string): void {
    for (const onChange of this.#watchers.get(recipient) ?? []) onChange();
  }
}

function addTo<Item>(sets: Map<string, Set<Item>>, key: string, item: Item): void {
  const items = sets.get(key);
  if (items) items.add(item);
  else sets.set(key, new Set([item]));
}

function removeFrom<Item>(sets: Map<string, Set<Item>>, key: string, item: Item): void {
  const items = sets.get(key);
  if (items?.delete(item) && items.size === 0) sets.delete(key);
}

function notFound(): QuicpipeError {
  return new QuicpipeError("ERR_QUICPIPE_MESSAGE_NOT_FOUND", "there is no such message, or its time is over");
}

function taken(): QuicpipeError {
  return new QuicpipeError("ERR_QUICPIPE_MESSAGE_TAKEN", "the message was taken already");
}
