import { randomBytes } from "node:crypto";
import * as defaults from "../../defaults/index.ts";
import { QuicpipeError } from "../../errors.ts";
import type { MessageState } from "../../protocol.ts";
import { type Expiring, ExpiryBuckets } from "../../registry/index.ts";
import { loadOf, type MailboxLimits, requireMailboxRoom, type RoomRequest } from "./room.ts";
import type { Message, MessageContent, MessageTrace } from "./message.ts";

/** Totals since the start, beside the messages that wait right now, and their bytes. */
export interface MailboxStats {
  readonly queued: number;
  readonly queuedBytes: number;
  readonly taken: number;
  readonly expired: number;
  readonly recalled: number;
}

/** A message, which ends at its deadline while it waits, and then with its tombstone. */
interface Entry extends Expiring {
  readonly id: string;
  /** Whose share it takes up. */
  readonly account: string;
  readonly sender: string;
  readonly recipient: string;
  readonly note: string | null;
  packets: readonly Uint8Array[];
  /** What it takes up while it waits. */
  readonly bytes: number;
  readonly destinationId: Uint8Array;
  readonly from: string | undefined;
  readonly trace: MessageTrace;
  state: MessageState;
  readonly createdAtMs: number;
  readonly deadlineMs: number;
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
  #queuedBytes = 0;

  constructor(limits: MailboxLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  /**
   * Keeps a message until it is taken, recalled or `ttlMs` have passed.
   *
   * @param account whose share it takes up: the sender's name, or its address where all have one name.
   * @throws ERR_QUICPIPE_SENDER_QUOTA, ERR_QUICPIPE_MAILBOX_FULL, ERR_QUICPIPE_MAILBOX_STORE_FULL
   */
  send(content: MessageContent, ttlMs: number, account: string): Message {
    const bytes = bytesOf(content);
    requireMailboxRoom(this.#roomFor(bytes, content.recipient, account), this.#limits);
    const nowMs = this.#now();
    const deadlineMs = nowMs + ttlMs;
    const entry: Entry = {
      ...content,
      id: randomBytes(16).toString("base64url"),
      account,
      bytes,
      state: "queued",
      createdAtMs: nowMs,
      deadlineMs,
      expiresAtMs: deadlineMs,
      slot: 0,
    };
    this.#byId.set(entry.id, entry);
    addTo(this.#inboxes, entry.recipient, entry);
    addTo(this.#outboxes, account, entry);
    this.#expiry.add(entry);
    this.#queued++;
    this.#queuedBytes += bytes;
    this.#notify(entry.recipient);
    return entry;
  }

  /** Lists what waits for a recipient, oldest first. */
  list(recipient: string): Message[] {
    return this.#waiting(this.#inboxes.get(recipient));
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
    return { queued: this.#queued, queuedBytes: this.#queuedBytes, ...this.#ended };
  }

  #roomFor(bytes: number, recipient: string, account: string): RoomRequest {
    const box = this.#waiting(this.#inboxes.get(recipient));
    const sent = this.#outboxes.get(account);
    const waiting = this.#waiting(sent);
    return {
      bytes,
      box: { own: loadOf(box.filter((entry) => entry.account === account)), all: loadOf(box) },
      sender: { ...loadOf(waiting), ended: (sent?.size ?? 0) - waiting.length },
      store: { messages: this.#byId.size, bytes: this.#queuedBytes },
    };
  }

  #waiting(entries: ReadonlySet<Entry> | undefined): Entry[] {
    return [...(entries ?? [])].filter((entry) => this.#waits(entry));
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
    this.#queuedBytes -= entry.bytes;
    this.#notify(entry.recipient);
  }

  #forget(entry: Entry): void {
    this.#byId.delete(entry.id);
    removeFrom(this.#outboxes, entry.account, entry);
    this.#expiry.delete(entry);
  }

  #notify(recipient: string): void {
    for (const onChange of this.#watchers.get(recipient) ?? []) onChange();
  }
}

/** Bytes of a message: its packets, and the texts that are kept with them. */
function bytesOf({ packets, note, sender, recipient }: MessageContent): number {
  const texts = [note ?? "", sender, recipient].map((text) => Buffer.byteLength(text));
  return [...packets.map((packet) => packet.length), ...texts].reduce((sum, length) => sum + length, 0);
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
