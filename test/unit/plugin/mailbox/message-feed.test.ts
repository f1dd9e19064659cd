import { describe, expect, it, vi } from "vitest";
import { anonymousIdentity } from "../../../../src/plugin/auth/identity.ts";
import { resolveLimits } from "../../../../src/plugin/options/limits.ts";
import { createMailboxCounts } from "../../../../src/plugin/mailbox/mailbox.ts";
import { MemoryMailbox } from "../../../../src/plugin/mailbox/memory.ts";
import { MessageFeed } from "../../../../src/plugin/mailbox/message-feed.ts";

const limits = resolveLimits(undefined);
const identity = anonymousIdentity(limits, "192.0.2.1");
const content = {
  sender: "anonymous",
  recipient: "anonymous",
  note: null,
  packets: [],
  destinationId: new Uint8Array(8),
  from: undefined,
  trace: { traceparent: undefined, sent: undefined },
};

function setUp(): {
  mailbox: MemoryMailbox;
  feed: MessageFeed;
  send(): Promise<unknown>;
  pass(ms: number): void;
} {
  let nowMs = 1_000_000;
  const now = (): number => nowMs;
  const mailbox = new MemoryMailbox({ limits, counts: createMailboxCounts(), now });
  // Stops its sweeps, so that no timer is left but those of the test.
  void mailbox.close();
  return {
    mailbox,
    feed: new MessageFeed(mailbox, now),
    send: () => mailbox.send(content, 10_000, "192.0.2.1"),
    pass: (ms) => {
      nowMs += ms;
    },
  };
}

function messagesIn(json: string): number {
  return (JSON.parse(json) as { messages: unknown[] }).messages.length;
}

describe("the feed of a watched box", () => {
  it("lists it once for all of its readers and each of its changes", async () => {
    const { mailbox, feed, send } = setUp();
    const list = vi.spyOn(mailbox, "list");
    for (let i = 0; i < 100; i++) feed.watch(identity, () => undefined);
    for (const waiting of [1, 2]) {
      await send();
      const views = await Promise.all(Array.from({ length: 100 }, () => feed.read(identity)));
      expect(new Set(views).size).toBe(1);
      expect(messagesIn(views[0]!.json)).toBe(waiting);
      expect(list).toHaveBeenCalledTimes(waiting);
    }
  });

  it("watches the mailbox once, from the first reader to the last", () => {
    const { mailbox, feed } = setUp();
    const unwatch = vi.fn();
    const watch = vi.spyOn(mailbox, "watch").mockReturnValue(unwatch);
    const leave = [1, 2, 3].map(() => feed.watch(identity, () => undefined));
    expect(watch).toHaveBeenCalledTimes(1);
    leave[0]!();
    leave[1]!();
    expect(unwatch).not.toHaveBeenCalled();
    leave[2]!();
    leave[2]!();
    expect(unwatch).toHaveBeenCalledTimes(1);
    feed.watch(identity, () => undefined);
    expect(watch).toHaveBeenCalledTimes(2);
  });

  it("has no message past its deadline, swept or not", async () => {
    const { feed, send, pass } = setUp();
    feed.watch(identity, () => undefined);
    await send();
    pass(9_999);
    expect(messagesIn((await feed.read(identity)).json)).toBe(1);
    pass(1);
    expect(await feed.read(identity)).toMatchObject({ isEmpty: true, json: '{"messages":[]}' });
  });

  it("asks the mailbox again after a fault", async () => {
    const { mailbox, feed } = setUp();
    feed.watch(identity, () => undefined);
    const fault = new Error("the store is down");
    const list = vi.spyOn(mailbox, "list").mockRejectedValueOnce(fault);
    await expect(feed.read(identity)).rejects.toBe(fault);
    expect((await feed.read(identity)).isEmpty).toBe(true);
    expect(list).toHaveBeenCalledTimes(2);
  });
});

describe("the feed of a box without readers", () => {
  it("lists what waits at each question", async () => {
    const { feed, send } = setUp();
    expect((await feed.read(identity)).isEmpty).toBe(true);
    await send();
    const { isEmpty, event } = await feed.read(identity);
    expect([isEmpty, event.startsWith("event: messages\ndata: {")]).toEqual([false, true]);
  });
});
