import * as defaults from "../../defaults/index.ts";
import { QuicpipeError } from "../../errors.ts";
import { isWithinShare } from "../../share.ts";
import type { Limits } from "../options/limits.ts";

/** Number and bytes of waiting messages. */
export interface Load {
  readonly messages: number;
  readonly bytes: number;
}

/** A request to store a message, with the current loads. */
export interface RoomRequest {
  /** Bytes of the message. */
  readonly bytes: number;
  /** Load of the recipient's box: of the sender, and in all. */
  readonly box: { readonly own: Load; readonly all: Load };
  /** Load of the sender in all boxes, and the number of its ended but still visible messages. */
  readonly sender: Load & { readonly ended: number };
  /** Load of the store: messages, waiting or ended, and the bytes of the waiting ones. */
  readonly store: Load;
}

/** Returns the total load of messages. */
export function loadOf(messages: Iterable<{ readonly bytes: number }>): Load {
  let [count, bytes] = [0, 0];
  for (const message of messages) {
    count++;
    bytes += message.bytes;
  }
  return { messages: count, bytes };
}

/**
 * Requires room for a message: of its sender, in its recipient's box and in the store. A sender may use at most half a box.
 * The last quarter of box and store is reserved for senders that have nothing there.
 *
 * @throws ERR_QUICPIPE_SENDER_QUOTA, ERR_QUICPIPE_MAILBOX_FULL, ERR_QUICPIPE_MAILBOX_STORE_FULL
 */
export function requireMailboxRoom(request: RoomRequest, limits: Limits): void {
  requireSenderRoom(request, limits);
  if (!hasBoxRoom(request, limits))
    throw new QuicpipeError("ERR_QUICPIPE_MAILBOX_FULL", boxRefusal(request), {
      details: { retryAfterSeconds: defaults.mailboxRetrySeconds },
    });
  if (!hasStoreRoom(request, limits))
    throw new QuicpipeError(
      "ERR_QUICPIPE_MAILBOX_STORE_FULL",
      "the relay's message store is full: try again later",
    );
}

/** Returns the most messages kept per sender, waiting or ended. */
function maxVisible({ maxMessagesPerSender }: Limits): number {
  return Math.max(defaults.maxVisibleMessagesPerSender, 4 * maxMessagesPerSender);
}

function requireSenderRoom({ bytes, sender }: RoomRequest, limits: Limits): void {
  const hasRoom =
    sender.messages < limits.maxMessagesPerSender &&
    sender.bytes + bytes <= limits.maxMessageBytesPerSender &&
    sender.messages + sender.ended < maxVisible(limits);
  if (hasRoom) return;
  throw new QuicpipeError(
    "ERR_QUICPIPE_SENDER_QUOTA",
    `${sender.messages} of your messages wait (${sender.bytes} bytes) and ${sender.ended} ended lately: wait for some to be taken, or recall one`,
  );
}

function hasBoxRoom({ bytes, box: { own, all } }: RoomRequest, limits: Limits): boolean {
  const { maxMessagesPerRecipient: places, maxMessageBytesPerRecipient: room } = limits;
  return (
    isWithinShare(1, { own: own.messages, all: all.messages }, { one: places / 2, all: places }) &&
    isWithinShare(bytes, { own: own.bytes, all: all.bytes }, { one: room / 2, all: room })
  );
}

function boxRefusal({ box: { own } }: RoomRequest): string {
  return own.messages === 0
    ? "the recipient's mailbox is full: try again when it has taken some"
    : `${own.messages} of your messages wait in the recipient's mailbox, which has no more room for you: try again when it has taken some`;
}

function hasStoreRoom({ bytes, sender, store }: RoomRequest, limits: Limits): boolean {
  const own = sender.messages + sender.ended;
  const messages = { one: maxVisible(limits), all: limits.maxMessages };
  const weight = { one: limits.maxMessageBytesPerSender, all: limits.maxMessageBytes };
  return (
    isWithinShare(1, { own, all: store.messages }, messages) &&
    isWithinShare(bytes, { own: sender.bytes, all: store.bytes }, weight)
  );
}
