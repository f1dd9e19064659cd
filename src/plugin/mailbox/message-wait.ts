import { openWait, type Wait } from "../http/caller-limits.ts";
import { eventStream } from "../http/event-stream.ts";
import type { MessageFeed } from "./message-feed.ts";

/** A client's wait for messages, and the feed that it waits on. */
export interface MessageWait extends Wait {
  readonly feed: MessageFeed;
}

/**
 * Waits for a message, at most `timeoutMs`. Ends early when the relay drains or the client disconnects.
 *
 * @throws ERR_QUICPIPE_WAITER_QUOTA
 */
export async function waitForMessage(wait: MessageWait, timeoutMs: number): Promise<void> {
  const { feed, identity } = wait;
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = (): void => resolve();
  const look = (): void => void feed.read(identity).then(({ isEmpty }) => !isEmpty && end(), end);
  using open = new DisposableStack();
  open.use(openWait(wait, timeoutMs, () => feed.watch(identity, look), end));
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
  const { feed } = wait;
  return eventStream(
    {
      watch: (identity, onChange) => feed.watch(identity, onChange),
      read: async (identity) => (await feed.read(identity)).event,
    },
    wait,
    nowMs,
  );
}
