import type { MailboxListResponse, WaitingMessage } from "../../protocol.ts";
import type { Identity } from "../auth/identity.ts";
import { formatEvent } from "../http/event-stream.ts";
import { timestamp } from "../../steady-clock.ts";
import type { Mailbox, Message } from "./mailbox.ts";
import { Readers } from "./readers.ts";

/** The messages that wait for a recipient, in the forms that readers get. */
export interface BoxView {
  readonly isEmpty: boolean;
  /** The body of `GET /v1/messages`. */
  readonly json: string;
  /** A server-sent event `messages`. */
  readonly event: string;
  /** Time at which the first of the messages expires, by the mailbox's clock. */
  readonly expiresAtMs: number;
}

interface WatchedBox {
  readonly readers: Readers;
  view: Promise<BoxView> | undefined;
  /** Time at which `view` is outdated, if nothing changes before. */
  expiresAtMs: number;
  unwatch(): void;
}

/** The boxes of a mailbox as their readers see them. What waits in a watched box is listed and written out once for all of its readers. */
export class MessageFeed {
  readonly #mailbox: Pick<Mailbox, "list" | "watch">;
  readonly #now: () => number;
  readonly #boxes = new Map<string, WatchedBox>();

  /** @param now the mailbox's clock. */
  constructor(mailbox: Pick<Mailbox, "list" | "watch">, now: () => number) {
    this.#mailbox = mailbox;
    this.#now = now;
  }

  /** Calls `onChange` soon after changes of what waits for a peer, until the returned function is called. */
  watch({ subject, account }: Identity, onChange: () => void): () => void {
    const box = this.#boxes.get(subject) ?? this.#open(subject);
    const leave = box.readers.add(account, onChange);
    return () => {
      leave();
      if (box.readers.size === 0) this.#close(subject, box);
    };
  }

  /** Returns what waits for a peer. */
  async read({ subject }: Identity): Promise<BoxView> {
    const box = this.#boxes.get(subject);
    if (!box) return await this.#list(subject);
    if (box.expiresAtMs <= this.#now()) box.view = undefined;
    return await (box.view ??= this.#listOnce(subject, box));
  }

  /** Lists what waits, for all that ask until it changes or a message expires. */
  async #listOnce(recipient: string, box: WatchedBox): Promise<BoxView> {
    box.expiresAtMs = Infinity;
    try {
      const view = await this.#list(recipient);
      box.expiresAtMs = Math.min(box.expiresAtMs, view.expiresAtMs);
      return view;
    } catch (error) {
      box.view = undefined;
      throw error;
    }
  }

  async #list(recipient: string): Promise<BoxView> {
    const messages = await this.#mailbox.list(recipient);
    const response: MailboxListResponse = { messages: messages.map(waitingMessage) };
    const json = JSON.stringify(response);
    return {
      isEmpty: messages.length === 0,
      json,
      event: formatEvent("messages", json),
      expiresAtMs: Math.min(...messages.map(({ deadlineMs }) => deadlineMs)),
    };
  }

  #open(recipient: string): WatchedBox {
    const readers = new Readers();
    const unwatch = this.#mailbox.watch(recipient, () => {
      box.view = undefined;
      readers.wake();
    });
    const box: WatchedBox = { readers, view: undefined, expiresAtMs: Infinity, unwatch };
    this.#boxes.set(recipient, box);
    return box;
  }

  #close(recipient: string, box: WatchedBox): void {
    if (this.#boxes.get(recipient) !== box) return;
    this.#boxes.delete(recipient);
    box.unwatch();
  }
}

/** Returns the recipient's view of a message that is not taken yet. */
function waitingMessage({ id, sender, note, packets, createdAtMs, deadlineMs }: Message): WaitingMessage {
  const sizes = packets.map((packet) => packet.length);
  return { id, sender, note, sizes, createdAt: timestamp(createdAtMs), expiresAt: timestamp(deadlineMs) };
}
