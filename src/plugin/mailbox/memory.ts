import { randomBytes } from "node:crypto";
import * as defaults from "../../defaults/index.ts";
import { QuicpipeError } from "../../errors.ts";
import { ownBytes } from "../../own-memory.ts";
import type { MessageState, RefusalReason } from "../../protocol.ts";
import { createSweeper, type Expiring, ExpiryBuckets } from "../../registry/index.ts";
import { SetMap } from "../../maps.ts";
import type { Limits } from "../options/limits.ts";
import { loadOf, requireMailboxRoom, type RoomRequest } from "./room.ts";
import type { Mailbox, MailboxCounts, MailboxOptions, Message, MessageContent } from "./mailbox.ts";

/** A stored message. It expires at its deadline while it waits, and afterwards with its tombstone. */
interface Entry extends Message, Expiring {
  /** The account whose share it uses. */
  readonly account: string;
  packets: readonly Uint8Array[];
  note: string | null;
  /** Bytes that it counts for while it waits. */
  readonly bytes: number;
  state: MessageState;
  refused: RefusalReason | undefined;
}

/** A {@link Mailbox} in memory, of one process. */
export class MemoryMailbox implements Mailbox {
  readonly #limits: Limits;
  readonly #counts: MailboxCounts;
  readonly #now: () => number;
  readonly #byId = new Map<string, Entry>();
  readonly #inboxes = new SetMap<string, Entry>();
  readonly #outboxes = new SetMap<string, Entry>();
  readonly #watchers = new SetMap<string, () => void>();
  readonly #expiry: ExpiryBuckets<Entry> = new ExpiryBuckets(defaults.sweepIntervalMs);
  readonly #stopSweeps: () => void;

  constructor({ limits, counts, now }: MailboxOptions) {
    this.#limits = limits;
    this.#counts = counts;
    this.#now = now;
    this.#stopSweeps = createSweeper([() => this.sweep()]);
  }

  async send(content: MessageContent, ttlMs: number, account: string): Promise<Message> {
    const bytes = bytesOf(content);
    requireMailboxRoom(this.#roomFor(bytes, content.recipient, account), this.#limits);
    const nowMs = this.#now();
    const deadlineMs = nowMs + ttlMs;
    const entry: Entry = {
      ...content,
      packets: content.packets.map(ownBytes),
      destinationId: ownBytes(content.destinationId),
      id: randomBytes(16).toString("base64url"),
      account,
      bytes,
      state: "queued",
      refused: undefined,
      createdAtMs: nowMs,
      deadlineMs,
      expiresAtMs: deadlineMs,
      slot: 0,
    };
    this.#byId.set(entry.id, entry);
    this.#inboxes.add(entry.recipient, entry);
    this.#outboxes.add(account, entry);
    this.#expiry.add(entry);
    this.#counts.queued++;
    this.#counts.queuedBytes += bytes;
    this.#notify(entry.recipient);
    return entry;
  }

  async sentBefore(content: MessageContent, account: string): Promise<Message | undefined> {
    const { recipient, from, destinationId } = content;
    if (from === undefined) return undefined;
    return [...(this.#outboxes.get(account) ?? [])].find(
      (entry) =>
        entry.recipient === recipient &&
        entry.from === from &&
        Buffer.compare(entry.destinationId, destinationId) === 0 &&
        (entry.state === "taken" || this.#waits(entry)),
    );
  }

  async list(recipient: string): Promise<readonly Message[]> {
    return this.#waiting(this.#inboxes.get(recipient));
  }

  async take(recipient: string, id: string): Promise<MessageContent> {
    const entry = this.#received(recipient, id);
    const content = { ...entry };
    this.#finish(entry, "taken");
    return content;
  }

  async refuse(recipient: string, id: string, reason: RefusalReason): Promise<void> {
    const entry = this.#received(recipient, id);
    entry.refused = reason;
    this.#finish(entry, "refused");
  }

  async status(sender: string, id: string, recipient?: string): Promise<Message> {
    return this.#sent(sender, id, recipient);
  }

  async recall(sender: string, id: string, recipient?: string): Promise<void> {
    const entry = this.#sent(sender, id, recipient);
    if (entry.state === "taken") throw taken();
    if (entry.state === "queued") {
      this.#leaveInbox(entry);
      this.#counts.recalled++;
    }
    this.#forget(entry);
  }

  watch(recipient: string, onChange: () => void): () => void {
    this.#watchers.add(recipient, onChange);
    return () => this.#watchers.delete(recipient, onChange);
  }

  /** Per step, expires one message past its deadline, or forgets one whose tombstone has expired. */
  *sweep(): Generator<undefined> {
    for (const entry of this.#expiry.due(this.#now())) {
      if (entry.state === "queued") this.#finish(entry, "expired");
      else this.#forget(entry);
      yield;
    }
  }

  async close(): Promise<void> {
    this.#stopSweeps();
  }

  #roomFor(bytes: number, recipient: string, account: string): RoomRequest {
    const box = this.#waiting(this.#inboxes.get(recipient));
    const sent = this.#outboxes.get(account);
    const waiting = this.#waiting(sent);
    return {
      bytes,
      box: { own: loadOf(box.filter((entry) => entry.account === account)), all: loadOf(box) },
      sender: { ...loadOf(waiting), ended: (sent?.size ?? 0) - waiting.length },
      store: { messages: this.#byId.size, bytes: this.#counts.queuedBytes },
    };
  }

  #waiting(entries: ReadonlySet<Entry> | undefined): Entry[] {
    return [...(entries ?? [])].filter((entry) => this.#waits(entry));
  }

  /** Returns a recipient's message that waits. */
  #received(recipient: string, id: string): Entry {
    const entry = this.#byId.get(id);
    if (entry?.recipient !== recipient) throw notFound();
    if (entry.state === "taken") throw taken();
    if (!this.#waits(entry)) throw notFound();
    return entry;
  }

  /** Returns a sender's message, to `recipient` if given. */
  #sent(sender: string, id: string, recipient: string | undefined): Entry {
    const entry = this.#byId.get(id);
    if (entry?.sender !== sender || entry.recipient !== (recipient ?? entry.recipient)) throw notFound();
    if (entry.state === "queued" && !this.#waits(entry)) this.#finish(entry, "expired");
    return entry;
  }

  #waits(entry: Entry): boolean {
    return entry.state === "queued" && entry.deadlineMs > this.#now();
  }

  /** Ends a message. Keeps only the part that its sender may still query. */
  #finish(entry: Entry, outcome: "taken" | "expired" | "refused"): void {
    this.#leaveInbox(entry);
    entry.state = outcome === "taken" ? "taken" : "expired";
    entry.packets = [];
    entry.note = null;
    this.#counts[outcome]++;
    this.#expiry.move(entry, this.#now() + defaults.messageTombstoneMs);
  }

  #leaveInbox(entry: Entry): void {
    this.#inboxes.delete(entry.recipient, entry);
    this.#counts.queued--;
    this.#counts.queuedBytes -= entry.bytes;
    this.#notify(entry.recipient);
  }

  #forget(entry: Entry): void {
    this.#byId.delete(entry.id);
    this.#outboxes.delete(entry.account, entry);
    this.#expiry.delete(entry);
  }

  #notify(recipient: string): void {
    for (const onChange of this.#watchers.get(recipient) ?? []) onChange();
  }
}

/** Opens a {@link MemoryMailbox}. */
export async function openMemoryMailbox(options: MailboxOptions): Promise<Mailbox> {
  return new MemoryMailbox(options);
}

/** Returns the size of a message: its packets and the texts stored with them, in bytes. */
function bytesOf({ packets, note, sender, recipient }: MessageContent): number {
  const texts = [note ?? "", sender, recipient].map((text) => Buffer.byteLength(text));
  return [...packets.map((packet) => packet.length), ...texts].reduce((sum, length) => sum + length, 0);
}

function notFound(): QuicpipeError {
  return new QuicpipeError("ERR_QUICPIPE_MESSAGE_NOT_FOUND", "there is no such message, or its time is over");
}

function taken(): QuicpipeError {
  return new QuicpipeError("ERR_QUICPIPE_MESSAGE_TAKEN", "the message was taken already");
}
