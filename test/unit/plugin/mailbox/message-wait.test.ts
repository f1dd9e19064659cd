import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as defaults from "../../../../src/defaults/index.ts";
import { resolveLimits } from "../../../../src/plugin/options/limits.ts";
import { MessageFeed } from "../../../../src/plugin/mailbox/message-feed.ts";
import {
  messageStream,
  type MessageWait,
  waitForMessage,
} from "../../../../src/plugin/mailbox/message-wait.ts";
import { createMailboxCounts } from "../../../../src/plugin/mailbox/mailbox.ts";
import { MemoryMailbox } from "../../../../src/plugin/mailbox/memory.ts";
import { Waiters } from "../../../../src/plugin/http/caller-limits.ts";

const limits = resolveLimits({
  maxMessagesPerRecipient: 200,
  maxMessagesPerSender: 100,
  maxMessageBytesPerRecipient: 1e6,
});
const identity = {
  subject: "bob",
  scopes: new Set<string>(),
  quota: { maxRegistrations: 1, maxCids: 1, bytesPerSecond: 1, maxTtlMs: 1 },
  peers: undefined,
  limited: true,
  account: "bob",
  expiresAtMs: Infinity,
};
const content = {
  note: null,
  packets: [],
  destinationId: new Uint8Array(8),
  from: undefined,
  trace: { traceparent: undefined, sent: undefined },
};

interface Setup extends MessageWait {
  readonly mailbox: MemoryMailbox;
  readonly client: AbortController;
  send(): void;
}

function setUp(): Setup {
  const mailbox = new MemoryMailbox({ limits, counts: createMailboxCounts(), now: Date.now });
  // Stops its sweeps, so that no timer is left but those of the test.
  void mailbox.close();
  const client = new AbortController();
  const waiters = new Waiters({ maxWaiters: 2, maxWaitersPerSubject: 2 });
  const send = (): void =>
    void mailbox.send({ ...content, sender: "alice", recipient: "bob" }, 60_000, "alice");
  const feed = new MessageFeed(mailbox, Date.now);
  return { mailbox, feed, waiters, identity, signal: client.signal, client, send };
}

async function next(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string | undefined> {
  const { value } = await reader.read();
  return value && new TextDecoder().decode(value);
}

function messagesIn(event: string | undefined): number {
  return JSON.parse(/^event: messages\ndata: (.*)\n\n$/.exec(event!)![1]!).messages.length;
}

describe("messageStream", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("makes one list of all changes since the reader last read", async () => {
    const wait = setUp();
    const list = vi.spyOn(wait.mailbox, "list");
    const reader = messageStream(wait, 0).getReader();
    for (let i = 0; i < 50; i++) wait.send();
    expect(list).not.toHaveBeenCalled();
    expect(messagesIn(await next(reader))).toBe(50);
    expect(list).toHaveBeenCalledTimes(1);
    wait.send();
    wait.send();
    expect(messagesIn(await next(reader))).toBe(52);
  });

  it("wakes a reader that waits", async () => {
    const wait = setUp();
    const reader = messageStream(wait, 0).getReader();
    await next(reader);
    const event = next(reader);
    await vi.advanceTimersByTimeAsync(1000);
    wait.send();
    expect(messagesIn(await event)).toBe(1);
  });

  it("sends a comment when it was quiet for long", async () => {
    const reader = messageStream(setUp(), 0).getReader();
    await next(reader);
    const event = next(reader);
    await vi.advanceTimersByTimeAsync(defaults.eventStreamKeepaliveMs);
    expect(await event).toBe(": keepalive\n\n");
  });

  it("closes wait, watcher and timer however it ends", async () => {
    const byClient = setUp();
    const cancelled = setUp();
    const drained = setUp();
    const expired = setUp();
    const shortLived = { ...expired, identity: { ...identity, expiresAtMs: 5000 } };
    const readers = [byClient, cancelled, drained, shortLived].map((wait) =>
      messageStream(wait, 0).getReader(),
    );
    for (const reader of readers) await next(reader);
    const ends = readers.map((reader) => next(reader));

    byClient.client.abort();
    await readers[1]!.cancel();
    drained.waiters.stopAll();
    await vi.advanceTimersByTimeAsync(5000);
    expect(await Promise.all(ends)).toEqual([undefined, undefined, undefined, undefined]);
    expect([byClient, cancelled, drained, expired].map(({ waiters }) => waiters.size)).toEqual([0, 0, 0, 0]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("ends its wait where the mailbox fails, and passes the fault on once", async () => {
    const wait = setUp();
    const fault = new Error("the store is down");
    vi.spyOn(wait.mailbox, "list").mockRejectedValue(fault);
    const unwatch = vi.fn();
    vi.spyOn(wait.mailbox, "watch").mockReturnValue(unwatch);
    const reader = messageStream(wait, 0).getReader();
    await expect(next(reader)).rejects.toBe(fault);
    expect(unwatch).toHaveBeenCalledOnce();
    expect([wait.waiters.size, vi.getTimerCount()]).toEqual([0, 0]);
    // What would end the stream has nothing to end.
    wait.client.abort();
    wait.waiters.stopAll();
    await reader.cancel().catch(() => undefined);
    expect(unwatch).toHaveBeenCalledOnce();
  });

  it("ends its wait where the mailbox cannot be watched", () => {
    const wait = setUp();
    const fault = new Error("the store is down");
    vi.spyOn(wait.mailbox, "watch").mockImplementation(() => {
      throw fault;
    });
    expect(() => messageStream(wait, 0)).toThrow(fault);
    expect(wait.waiters.size).toBe(0);
  });

  it("closes wait, watcher and timer where its client had disconnected before it began", async () => {
    const wait = setUp();
    wait.client.abort();
    const unwatch = vi.fn();
    vi.spyOn(wait.mailbox, "watch").mockReturnValue(unwatch);
    expect(await next(messageStream(wait, 0).getReader())).toBeUndefined();
    expect(unwatch).toHaveBeenCalledOnce();
    expect([wait.waiters.size, vi.getTimerCount()]).toEqual([0, 0]);
  });

  it("refuses to open more than the share of its account", () => {
    const wait = setUp();
    messageStream(wait, 0);
    messageStream(wait, 0);
    expect(() => messageStream(wait, 0)).toThrow(
      expect.objectContaining({ code: "ERR_QUICPIPE_WAITER_QUOTA" }),
    );
  });
});

describe("a wait for messages", () => {
  it("ends at once where one came before it began", async () => {
    const wait = setUp();
    wait.send();
    await waitForMessage(wait, defaults.maxTimerMs);
    expect(wait.waiters.size).toBe(0);
  });

  it("ends where the mailbox cannot be watched", async () => {
    const wait = setUp();
    const fault = new Error("the store is down");
    vi.spyOn(wait.mailbox, "watch").mockImplementation(() => {
      throw fault;
    });
    await expect(waitForMessage(wait, 60_000)).rejects.toBe(fault);
    expect(wait.waiters.size).toBe(0);
  });

  it("ends with its time, or its client", async () => {
    await waitForMessage(setUp(), 5);
    const wait = setUp();
    wait.client.abort();
    await waitForMessage(wait, defaults.maxTimerMs);
    expect(wait.waiters.size).toBe(0);
  });
});
