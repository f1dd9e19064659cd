import type { MailboxListResponse } from "../../protocol.ts";
import type { Mailbox } from "./mailbox.ts";
import { waitingMessage } from "./message.ts";
import { openWait, type Wait } from "../http/waiters.ts";

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
  const { mailbox, identity, signal } = wait;
  const { promise, resolve: end } = Promise.withResolvers<unknown>();
  using open = new DisposableStack();
  open.defer(openWait(wait, () => end(undefined)));
  const look = (): void =>
    void mailbox.list(identity.subject).then((messages) => messages.length > 0 && end(undefined), end);
  open.defer(mailbox.watch(identity.subject, look));
  // A message may have come before the watch began.
  look();
  const timer = setTimeout(end, timeoutMs, undefined);
  open.defer(() => clearTimeout(timer));
  signal.addEventListener("abort", end);
  open.defer(() => signal.removeEventListener("abort", end));
  if (signal.aborted) end(undefined);
  await promise;
}
