import type { MailboxListResponse } from "../../protocol.ts";
import type { Mailbox } from "./mailbox.ts";
import { waitingMessage } from "./message.ts";
import { openWait, type Wait } from "../http/waiters.ts";

/** Who waits for messages, and where. */
export interface MessageWait extends Wait {
  readonly mailbox: Mailbox;
}

/** What waits for a recipient, as `GET /v1/mailbox` answers it. */
export function messageList(mailbox: Mailbox, recipient: string): MailboxListResponse {
  return { messages: mailbox.list(recipient).map(waitingMessage) };
}

/**
 * Waits until there is a message, at most `timeoutMs`; ends early when the relay drains or the client goes.
 *
 * @throws ERR_QUICPIPE_WAITER_QUOTA
 */
export async function waitForMessage(wait: MessageWait, timeoutMs: number): Promise<void> {
  const { mailbox, identity, signal } = wait;
  const { promise, resolve: end } = Promise.withResolvers<unknown>();
  const closeWait = openWait(wait, () => end(undefined));
  const unwatch = mailbox.watch(identity.subject, () => {
    if (mailbox.list(identity.subject).length > 0) end(undefined);
  });
  const timer = setTimeout(end, timeoutMs, undefined);
  signal.addEventListener("abort", end);
  if (signal.aborted) end(undefined);
  await promise;
  signal.removeEventListener("abort", end);
  clearTimeout(timer);
  unwatch();
  closeWait();
}
