import type { MailboxListResponse } from "../../protocol.ts";
import { eventStream, formatEvent } from "../http/event-stream.ts";
import { openWait, type Wait } from "../http/waiters.ts";
import { type Mailbox, waitingMessage } from "./mailbox.ts";

/** A client's wait for messages, and the mailbox it waits on. */
export interface MessageWait extends Wait {
  readonly mailbox: Mailbox;
}

/** Returns the messages that wait for a recipient, in the form of `GET /v1/messages`. */
export async function messageList(mailbox: Mailbox, recipient: string): Promise<MailboxListResponse> {
  return { messages: (await mailbox.list(recipient)).map(waitingMessage) };
}

/**
 * Waits for a message, at most `timeoutMs`. Ends early when the relay drains or the client disconnects.
 *
 * @throws ERR_QUICPIPE_WAITER_QUOTA
 */
export async function waitForMessage(wait: MessageWait, timeoutMs: number): Promise<void> {
  const { mailbox, identity } = wait;
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = (): void => resolve();
  const look = (): void =>
    void mailbox.list(identity.subject).then((messages) => messages.length > 0 && end(), end);
  using open = new DisposableStack();
  open.use(openWait(wait, timeoutMs, () => mailbox.watch(identity.subject, look), end));
  // A message may have come before the watch began.
  look();
  await promise;
}

/**
 * Streams the messages that wait for the caller as server-sent events `messages`: the whole list at first and after changes.
 *
 * @throws ERR_QUICPIPE_WAITER_QUOTA
 */
export function messageStream(wait: MessageWait, nowMs: number): ReadableStream<Uint8Array> {
  const { mailbox } = wait;
  return eventStream(
    {
      watch: ({ subject }, onChange) => mailbox.watch(subject, onChange),
      read: async ({ subject }) => formatEvent("messages", await messageList(mailbox, subject)),
    },
    wait,
    nowMs,
  );
}
