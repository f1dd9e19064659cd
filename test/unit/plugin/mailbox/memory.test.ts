import { describe, expect, it, onTestFinished, vi } from "vitest";
import * as defaults from "../../../../src/defaults/index.ts";
import { type Limits, resolveLimits } from "../../../../src/plugin/options/limits.ts";
import { MemoryMailbox, openMemoryMailbox } from "../../../../src/plugin/mailbox/memory.ts";
import {
  createMailboxCounts,
  type MailboxCounts,
  type Message,
} from "../../../../src/plugin/mailbox/mailbox.ts";

const limits: Limits = resolveLimits({ maxMessages: 500, maxMessagesPerSender: 4 });
const packetBytes = 1200;

const content = {
  destinationId: new Uint8Array(8),
  from: undefined,
  trace: { traceparent: undefined, sent: undefined },
};

interface Setup {
  readonly mailbox: MemoryMailbox;
  readonly counts: MailboxCounts;
  /** Sends a message that waits for 10 s. */
  send(recipient?: string, sender?: string, packets?: number, note?: string): Promise<Message>;
  pass(ms: number): void;
  sweep(): number;
}

function setUp(change: Partial<Limits> = {}): Setup {
  let nowMs = 1_000_000;
  const counts = createMailboxCounts();
  const mailbox = new MemoryMailbox({ limits: { ...limits, ...change }, counts, now: () => nowMs });
  // Stops its own sweeps, as the test says when.
  void mailbox.close();
  return {
    mailbox,
    counts,
    async send(recipient = "bob", sender = "alice", packets = 1, note?: string) {
      const flight = Array.from({ length: packets }, () => new Uint8Array(packetBytes));
      const message = { ...content, packets: flight, sender, recipient, note: note ?? null };
      return await mailbox.send(message, 10_000, sender);
    },
    pass: (ms) => {
      nowMs += ms;
    },
    sweep: () => [...mailbox.sweep()].length,
  };
}

const notFound: unknown = expect.objectContaining({ code: "ERR_QUICPIPE_MESSAGE_NOT_FOUND" });
const taken: unknown = expect.objectContaining({ code: "ERR_QUICPIPE_MESSAGE_TAKEN" });

describe("a mailbox in memory", () => {
  it("lists what waits, oldest first, and hands each out once", async () => {
    const { mailbox, send, counts } = setUp();
    const [first, second] = [await send(), await send()];
    expect((await mailbox.list("bob")).map(({ id }) => id)).toEqual([first.id, second.id]);
    expect((await mailbox.take("bob", first.id)).packets).toHaveLength(1);
    await expect(mailbox.take("bob", first.id)).rejects.toThrow(taken);
    expect((await mailbox.list("bob")).map(({ id }) => id)).toEqual([second.id]);
    expect(counts).toMatchObject({ queued: 1, taken: 1, expired: 0, recalled: 0 });
  });

  it("lets a recipient refuse what waits, once, and tells its sender why", async () => {
    const { mailbox, send, counts, pass, sweep } = setUp();
    const { id } = await send();
    await expect(mailbox.refuse("eve", id, "busy")).rejects.toThrow(notFound);
    await mailbox.refuse("bob", id, "no-registrations");
    expect(await mailbox.list("bob")).toEqual([]);
    // To a dialer that knows no refusals its time is over.
    expect(await mailbox.status("alice", id)).toMatchObject({
      state: "expired",
      refused: "no-registrations",
    });
    expect(counts).toMatchObject({ queued: 0, queuedBytes: 0, taken: 0, expired: 0, refused: 1 });
    await expect(mailbox.refuse("bob", id, "busy")).rejects.toThrow(notFound);
    await expect(mailbox.take("bob", id)).rejects.toThrow(notFound);
    pass(defaults.messageTombstoneMs + 1000);
    sweep();
    await expect(mailbox.status("alice", id)).rejects.toThrow(notFound);
  });

  it("refuses no message that was taken, or whose time is over", async () => {
    const { mailbox, send, pass, counts } = setUp();
    const [gone, late] = [await send(), await send()];
    await mailbox.take("bob", gone.id);
    await expect(mailbox.refuse("bob", gone.id, "busy")).rejects.toThrow(taken);
    pass(11_000);
    await expect(mailbox.refuse("bob", late.id, "busy")).rejects.toThrow(notFound);
    expect(await mailbox.status("alice", late.id)).toMatchObject({ state: "expired", refused: undefined });
    expect(counts.refused).toBe(0);
  });

  it("keeps no packets of what has ended", async () => {
    const { mailbox, send, pass, sweep } = setUp();
    const [handedOut, forgotten] = [await send(), await send()];
    await mailbox.take("bob", handedOut.id);
    pass(11_000);
    sweep();
    for (const { id } of [handedOut, forgotten])
      expect((await mailbox.status("alice", id, "bob")).packets).toEqual([]);
  });

  it("keeps packets in memory of their own, and none that a request shares with others", async () => {
    const { mailbox } = setUp();
    const packet = Buffer.from(Buffer.alloc(packetBytes, 7).toString("base64"), "base64");
    expect(packet.buffer.byteLength).toBeGreaterThan(packetBytes);
    const sent = { packets: [packet], destinationId: packet.subarray(6, 14) };
    const message = { ...content, ...sent, sender: "alice", recipient: "bob", note: null };
    const { id } = await mailbox.send(message, 10_000, "alice");
    const { packets, destinationId } = await mailbox.take("bob", id);
    expect(packets).toEqual([new Uint8Array(packetBytes).fill(7)]);
    expect([...packets, destinationId].map(({ buffer }) => buffer.byteLength)).toEqual([packetBytes, 8]);
  });

  it("keeps no note of what has ended, as it no longer counts", async () => {
    const { mailbox, send } = setUp();
    const { id } = await send("bob", "alice", 1, "hello");
    expect((await mailbox.take("bob", id)).note).toBe("hello");
    expect((await mailbox.status("alice", id)).note).toBeNull();
  });

  it("counts a message as expired at its deadline, swept or not, and shows it to its sender", async () => {
    const { mailbox, send, pass, counts } = setUp();
    const { id } = await send();
    pass(9_999);
    expect((await mailbox.status("alice", id, "bob")).state).toBe("queued");
    pass(1);
    expect(await mailbox.list("bob")).toEqual([]);
    await expect(mailbox.take("bob", id)).rejects.toThrow(notFound);
    expect((await mailbox.status("alice", id, "bob")).state).toBe("expired");
    expect(counts).toMatchObject({ queued: 0, taken: 0, expired: 1, recalled: 0 });
  });

  it("shows an ended message for a while, then forgets it", async () => {
    const { mailbox, send, pass, sweep } = setUp();
    const messages = [await send(), await send()];
    await mailbox.take("bob", messages[0]!.id);
    pass(11_000);
    expect(sweep()).toBe(1);
    pass(defaults.messageTombstoneMs - 11_000);
    const states: string[] = [];
    for (const { id } of messages) states.push((await mailbox.status("alice", id, "bob")).state);
    expect(states).toEqual(["taken", "expired"]);
    pass(13_000);
    expect(sweep()).toBe(2);
    for (const { id } of messages) await expect(mailbox.status("alice", id, "bob")).rejects.toThrow(notFound);
  });

  it("shows a message to its sender and recipient alone", async () => {
    const { mailbox, send } = setUp();
    const { id } = await send();
    await expect(mailbox.take("mallory", id)).rejects.toThrow(notFound);
    expect((await mailbox.status("alice", id)).id).toBe(id);
    await expect(mailbox.status("mallory", id)).rejects.toThrow(notFound);
    await expect(mailbox.status("mallory", id, "bob")).rejects.toThrow(notFound);
    await expect(mailbox.status("alice", id, "mallory")).rejects.toThrow(notFound);
    await expect(mailbox.recall("bob", id, "bob")).rejects.toThrow(notFound);
  });

  it("knows what a registration has sent before, while that waits or once it was taken", async () => {
    const { mailbox, pass } = setUp();
    const first = {
      sender: "alice",
      recipient: "bob",
      note: null,
      packets: [new Uint8Array(packetBytes)],
      destinationId: Buffer.from("8394c8f03e515708", "hex"),
      from: "r1",
      trace: { traceparent: undefined, sent: undefined },
    };
    const before = async (change: Partial<typeof first> = {}, account = "alice"): Promise<unknown> =>
      (await mailbox.sentBefore({ ...first, ...change }, account))?.id;
    expect(await before()).toBeUndefined();
    const { id } = await mailbox.send(first, 10_000, "alice");
    expect(await before()).toBe(id);
    for (const other of [{ recipient: "carol" }, { from: "r2" }, { destinationId: Buffer.alloc(8) }])
      expect(await before(other)).toBeUndefined();
    expect(await before({}, "mallory")).toBeUndefined();
    await mailbox.take("bob", id);
    expect(await before()).toBe(id);
    const late = await mailbox.send({ ...first, from: "r2" }, 10_000, "alice");
    expect(await before({ from: "r2" })).toBe(late.id);
    pass(10_000);
    expect(await before({ from: "r2" })).toBeUndefined();
  });

  it("does not know again what is from no registration", async () => {
    const { mailbox, send } = setUp();
    expect(await mailbox.sentBefore(await send(), "alice")).toBeUndefined();
  });

  it("recalls what waits, forgets what expired, and not what was taken", async () => {
    const { mailbox, send, pass, counts } = setUp();
    const handedOut = await send();
    await mailbox.take("bob", handedOut.id);
    await expect(mailbox.recall("alice", handedOut.id, "bob")).rejects.toThrow(taken);
    const recalled = await send();
    await mailbox.recall("alice", recalled.id, "bob");
    await expect(mailbox.take("bob", recalled.id)).rejects.toThrow(notFound);
    const expired = await send();
    pass(10_000);
    await mailbox.recall("alice", expired.id, "bob");
    await expect(mailbox.recall("alice", expired.id, "bob")).rejects.toThrow(notFound);
    expect(counts).toMatchObject({ queued: 0, taken: 1, expired: 1, recalled: 1 });
  });

  it.each([
    ["ERR_QUICPIPE_MAILBOX_FULL", { maxMessagesPerRecipient: 1 }],
    ["ERR_QUICPIPE_SENDER_QUOTA", { maxMessagesPerSender: 1 }],
    ["ERR_QUICPIPE_MAILBOX_STORE_FULL", { maxMessages: 1 }],
    ["ERR_QUICPIPE_MAILBOX_FULL", { maxMessageBytesPerRecipient: packetBytes + 8 }],
    ["ERR_QUICPIPE_SENDER_QUOTA", { maxMessageBytesPerSender: packetBytes + 8 }],
    ["ERR_QUICPIPE_MAILBOX_STORE_FULL", { maxMessageBytes: packetBytes + 8 }],
  ])("answers %s and keeps what is there", async (code, change) => {
    const { mailbox, send } = setUp(change);
    const { id } = await send();
    await expect(send()).rejects.toThrow(expect.objectContaining({ code }));
    expect((await mailbox.list("bob")).map((message) => message.id)).toEqual([id]);
  });

  it("has room again for what an expired message took, before any sweep", async () => {
    const { send, pass } = setUp({ maxMessagesPerRecipient: 1, maxMessagesPerSender: 1 });
    await send();
    pass(10_000);
    await send();
  });

  it("bounds how many ended messages one sender can make it remember", async () => {
    const { mailbox, send } = setUp();
    for (let i = 0; i < defaults.maxVisibleMessagesPerSender; i++)
      await mailbox.take("bob", (await send()).id);
    await expect(send()).rejects.toThrow(expect.objectContaining({ code: "ERR_QUICPIPE_SENDER_QUOTA" }));
    await send("bob", "carol");
  });

  it("tells watchers of a recipient about every change of what waits", async () => {
    const { mailbox, send, pass, sweep } = setUp();
    const onChange = vi.fn();
    const unwatch = mailbox.watch("bob", onChange);
    const [first, second] = [await send(), await send()];
    await mailbox.take("bob", first.id);
    await mailbox.recall("alice", second.id, "bob");
    await send();
    pass(11_000);
    sweep();
    expect(onChange).toHaveBeenCalledTimes(6);
    await send("carol");
    unwatch();
    await send();
    expect(onChange).toHaveBeenCalledTimes(6);
  });

  it("sweeps by itself until it is closed", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const counts = createMailboxCounts();
    const mailbox = await openMemoryMailbox({ limits, counts, now: Date.now });
    const message = { ...content, packets: [], sender: "alice", recipient: "bob", note: null };
    await mailbox.send(message, 10_000, "alice");
    vi.advanceTimersByTime(10_000 + 2 * defaults.sweepIntervalMs);
    expect(counts).toMatchObject({ queued: 0, expired: 1 });
    await mailbox.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("counts the bytes of what waits, and of nothing else", async () => {
    const { mailbox, send, pass, counts, sweep } = setUp();
    const [first, second] = [await send("bob", "alice", 2), await send("carol", "alice", 3)];
    // With the names of sender and recipient.
    expect(counts.queuedBytes).toBe(5 * packetBytes + 8 + 10);
    await mailbox.take("bob", first.id);
    expect(counts.queuedBytes).toBe(3 * packetBytes + 10);
    await mailbox.recall("alice", second.id, "carol");
    await send();
    pass(11_000);
    expect(sweep()).toBe(1);
    expect(counts).toMatchObject({ queued: 0, queuedBytes: 0 });
  });
});

const full: unknown = expect.objectContaining({
  code: "ERR_QUICPIPE_MAILBOX_FULL",
  details: { retryAfterSeconds: defaults.mailboxRetrySeconds },
});

describe("a recipient's mailbox", () => {
  const generous = {
    maxMessagesPerRecipient: 16,
    maxMessagesPerSender: 100,
    maxMessageBytesPerSender: 1e9,
    maxMessageBytesPerRecipient: 1e9,
  };

  it("takes half of its messages from one sender, and from others still", async () => {
    const { mailbox, send } = setUp(generous);
    for (let i = 0; i < 8; i++) await send("bob", "mallory");
    await expect(send("bob", "mallory")).rejects.toThrow(full);
    await send("bob", "alice");
    await send("carol", "mallory");
    expect(await mailbox.list("bob")).toHaveLength(9);
  });

  it("keeps its last quarter for senders that have nothing there", async () => {
    const { mailbox, send } = setUp(generous);
    for (let i = 0; i < 8; i++) await send("bob", "mallory");
    for (let i = 0; i < 4; i++) await send("bob", "trudy");
    await expect(send("bob", "trudy")).rejects.toThrow(full);
    for (const sender of ["a", "b", "c", "d"]) await send("bob", sender);
    await expect(send("bob", "e")).rejects.toThrow(full);
    const [first] = await mailbox.list("bob");
    await mailbox.take("bob", first!.id);
    await send("bob", "e");
  });

  it("shares its bytes in the same way", async () => {
    const { mailbox, send } = setUp({ maxMessagesPerSender: 100, maxMessagesPerRecipient: 100 });
    const half = Math.floor(defaults.maxMessageBytesPerRecipient / 2 / (8 * packetBytes + 20));
    for (let i = 0; i < half; i++) await send("bob", "mallory", 8);
    await expect(send("bob", "mallory", 8)).rejects.toThrow(full);
    await send("bob", "alice", 8);
    expect(await mailbox.list("bob")).toHaveLength(half + 1);
  });
});

describe("the store", () => {
  it("keeps its last quarter for senders that have nothing there", async () => {
    const storeFull: unknown = expect.objectContaining({ code: "ERR_QUICPIPE_MAILBOX_STORE_FULL" });
    const { send } = setUp({ maxMessages: 8, maxMessagesPerSender: 100 });
    for (let i = 0; i < 6; i++) await send(`r${i}`, "mallory");
    await expect(send("r6", "mallory")).rejects.toThrow(storeFull);
    await send("r6", "alice");
    await send("r7", "carol");
    await expect(send("r8", "dave")).rejects.toThrow(storeFull);
  });
});
