import { eventStream, formatEvent } from "../http/event-stream.ts";
import { type MessageWait, messageList } from "./message-wait.ts";

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
