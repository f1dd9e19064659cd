import { describe, expect, it, vi } from "vitest";
import * as defaults from "../../../../src/defaults/index.ts";
import { resolveLimits } from "../../../../src/plugin/options/limits.ts";
import { Mailbox } from "../../../../src/plugin/mailbox/mailbox.ts";
import type { MailboxLimits } from "../../../../src/plugin/mailbox/room.ts";
import type { Message } from "../../../../src/plugin/mailbox/message.ts";

const limits: MailboxLimits = resolveLimits({ maxMessages: 500, maxMessagesPerSender: 4 });
const packetBytes = 1200;

interface Setup {
  readonly mailbox: Mailbox;
  /** Sends a message that waits for 10 s. */
  send(recipient?: string, sender?: string, packets?: number): Message;
  pass(ms: number): void;
  sweep(): number;
}

function setUp(change: Partial<MailboxLimits> = {}): Setup {
  let nowMs = 1_000_000;
  const mailbox = new Mailbox({ ...limits, ...change }, () => nowMs);
  const content = {
    note: null,
    destinationId: new Uint8Array(8),
    from: undefined,
    trace: { traceparent: undefined, sent: undefined },
  };
  return {
    mailbox,
    send(recipient = "bob", sender = "alice", packets = 1) {
      const flight = Array.from({ length: packets }, () => new Uint8Array(packetBytes));
      return mailbox.send({ ...content, packets: flight, sender, recipient }, 10_000, sender);
    },
    pass: (ms) => {
      nowMs += ms;
    },
    sweep: () => [...mailbox.sweep()].length,
  };
}

const notFound: unknown = expect.objectContaining({ code: "ERR_QUICPIPE_MESSAGE_NOT_FOUND" });
const taken: unknown = expect.objectContaining({ code: "ERR_QUICPIPE_MESSAGE_TAKEN" });

describe("Mailbox", () => {
  it("lists what waits, oldest first, and hands each out once", () => {
    const { mailbox, send } = setUp();
    const [first, second] = [send(), send()];
    expect(mailbox.list("bob").map(({ id }) => id)).toEqual([first.id, second.id]);
    expect(mailbox.take("bob", first.id).packets).toHaveLength(1);
    expect(() => mailbox.take("bob", first.id)).toThrow(taken);
    expect(mailbox.list("bob").map(({ id }) => id)).toEqual([second.id]);
    expect(mailbox.stats()).toMatchObject({ queued: 1, taken: 1, expired: 0, recalled: 0 });
  });

  it("keeps no packets of what has ended", () => {
    const { mailbox, send, pass, sweep } = setUp();
    const [handedOut, forgotten] = [send(), send()];
    mailbox.take("bob", handedOut.id);
    pass(11_000);
    sweep();
    for (const { id } of [handedOut, forgotten])
      expect(mailbox.status("alice", id, "bob").packets).toEqual([]);
  });

  it("counts a message as expired at its deadline, swept or not, and shows it to its sender", () => {
    const { mailbox, send, pass } = setUp();
    const { id } = send();
    pass(9_999);
    expect(mailbox.status("alice", id, "bob").state).toBe("queued");
    pass(1);
    expect(mailbox.list("bob")).toEqual([]);
    expect(() => mailbox.take("bob", id)).toThrow(notFound);
    expect(mailbox.status("alice", id, "bob").state).toBe("expired");
    expect(mailbox.stats()).toMatchObject({ queued: 0, taken: 0, expired: 1, recalled: 0 });
  });

  it("shows an ended message for a while, then forgets it", () => {
    const { mailbox, send, pass, sweep } = setUp();
    const messages = [send(), send()];
    mailbox.take("bob", messages[0]!.id);
    pass(11_000);
    expect(sweep()).toBe(1);
    pass(defaults.messageTombstoneMs - 11_000);
    const states = messages.map(({ id }) => mailbox.status("alice", id, "bob").state);
    expect(states).toEqual(["taken", "expired"]);
    pass(13_000);
    expect(sweep()).toBe(2);
    for (const { id } of messages) expect(() => mailbox.status("alice", id, "bob")).toThrow(notFound);
  });

  it("shows a message to its sender and recipient alone", () => {
    const { mailbox, send } = setUp();
    const { id } = send();
    expect(() => mailbox.take("mallory", id)).toThrow(notFound);
    expect(mailbox.status("alice", id).id).toBe(id);
    expect(() => mailbox.status("mallory", id)).toThrow(notFound);
    expect(() => mailbox.status("mallory", id, "bob")).toThrow(notFound);
    expect(() => mailbox.status("alice", id, "mallory")).toThrow(notFound);
    expect(() => mailbox.recall("bob", id, "bob")).toThrow(notFound);
  });

  it("recalls what waits, forgets what expired, and not what was taken", () => {
    const { mailbox, send, pass } = setUp();
    const handedOut = send();
    mailbox.take("bob", handedOut.id);
    expect(() => mailbox.recall("alice", handedOut.id, "bob")).toThrow(taken);
    const recalled = send();
    mailbox.recall("alice", recalled.id, "bob");
    expect(() => mailbox.take("bob", recalled.id)).toThrow(notFound);
    const expired = send();
    pass(10_000);
    mailbox.recall("alice", expired.id, "bob");
    expect(() => mailbox.recall("alice", expired.id, "bob")).toThrow(notFound);
    expect(mailbox.stats()).toMatchObject({ queued: 0, taken: 1, expired: 1, recalled: 1 });
  });

  it.each([
    ["ERR_QUICPIPE_MAILBOX_FULL", { maxMessagesPerRecipient: 1 }],
    ["ERR_QUICPIPE_SENDER_QUOTA", { maxMessagesPerSender: 1 }],
    ["ERR_QUICPIPE_MAILBOX_STORE_FULL", { maxMessages: 1 }],
    ["ERR_QUICPIPE_MAILBOX_FULL", { maxMessageBytesPerRecipient: packetBytes + 8 }],
    ["ERR_QUICPIPE_SENDER_QUOTA", { maxMessageBytesPerSender: packetBytes + 8 }],
    ["ERR_QUICPIPE_MAILBOX_STORE_FULL", { maxMessageBytes: packetBytes + 8 }],
  ])("answers %s and keeps what is there", (code, change) => {
    const { mailbox, send } = setUp(change);
    const { id } = send();
    expect(() => send()).toThrow(expect.objectContaining({ code }));
    expect(mailbox.list("bob").map((message) => message.id)).toEqual([id]);
  });

  it("has room again for what an expired message took, before any sweep", () => {
    const { send, pass } = setUp({ maxMessagesPerRecipient: 1, maxMessagesPerSender: 1 });
    send();
    pass(10_000);
    expect(() => send()).not.toThrow();
  });

  it("bounds how many ended messages one sender can make it remember", () => {
    const { mailbox, send } = setUp();
    for (let i = 0; i < defaults.maxVisibleMessagesPerSender; i++) mailbox.take("bob", send().id);
    expect(() => send()).toThrow(expect.objectContaining({ code: "ERR_QUICPIPE_SENDER_QUOTA" }));
    expect(() => send("bob", "carol")).not.toThrow();
  });

  it("tells watchers of a recipient about every change of what waits", () => {
    const { mailbox, send, pass, sweep } = setUp();
    const onChange = vi.fn();
    const unwatch = mailbox.watch("bob", onChange);
    const [first, second] = [send(), send()];
    mailbox.take("bob", first.id);
    mailbox.recall("alice", second.id, "bob");
    send();
    pass(11_000);
    sweep();
    expect(onChange).toHaveBeenCalledTimes(6);
    send("carol");
    unwatch();
    send();
    expect(onChange).toHaveBeenCalledTimes(6);
  });

  it("counts the bytes of what waits, and of nothing else", () => {
    const { mailbox, send, pass } = setUp();
    const [first, second] = [send("bob", "alice", 2), send("carol", "alice", 3)];
    // With the names of sender and recipient.
    expect(mailbox.stats().queuedBytes).toBe(5 * packetBytes + 8 + 10);
    mailbox.take("bob", first.id);
    expect(mailbox.stats().queuedBytes).toBe(3 * packetBytes + 10);
    mailbox.recall("alice", second.id, "carol");
    send();
    pass(11_000);
    expect([...mailbox.sweep()]).toHaveLength(1);
    expect(mailbox.stats()).toMatchObject({ queued: 0, queuedBytes: 0 });
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

  it("takes half of its messages from one sender, and from others still", () => {
    const { mailbox, send } = setUp(generous);
    for (let i = 0; i < 8; i++) send("bob", "mallory");
    expect(() => send("bob", "mallory")).toThrow(full);
    send("bob", "alice");
    send("carol", "mallory");
    expect(mailbox.list("bob")).toHaveLength(9);
  });

  it("keeps its last quarter for senders that have nothing there", () => {
    const { mailbox, send } = setUp(generous);
    for (let i = 0; i < 8; i++) send("bob", "mallory");
    for (let i = 0; i < 4; i++) send("bob", "trudy");
    expect(() => send("bob", "trudy")).toThrow(full);
    for (const sender of ["a", "b", "c", "d"]) send("bob", sender);
    expect(() => send("bob", "e")).toThrow(full);
    const [first] = mailbox.list("bob");
    mailbox.take("bob", first!.id);
    send("bob", "e");
  });

  it("shares its bytes in the same way", () => {
    const { mailbox, send } = setUp({ maxMessagesPerSender: 100, maxMessagesPerRecipient: 100 });
    const half = Math.floor(defaults.maxMessageBytesPerRecipient / 2 / (8 * packetBytes + 20));
    for (let i = 0; i < half; i++) send("bob", "mallory", 8);
    expect(() => send("bob", "mallory", 8)).toThrow(full);
    send("bob", "alice", 8);
    expect(mailbox.list("bob")).toHaveLength(half + 1);
  });
});

describe("the store", () => {
  it("keeps its last quarter for senders that have nothing there", () => {
    const storeFull: unknown = expect.objectContaining({ code: "ERR_QUICPIPE_MAILBOX_STORE_FULL" });
    const { send } = setUp({ maxMessages: 8, maxMessagesPerSender: 100 });
    for (let i = 0; i < 6; i++) send(`r${i}`, "mallory");
    expect(() => send("r6", "mallory")).toThrow(storeFull);
    send("r6", "alice");
    send("r7", "carol");
    expect(() => send("r8", "dave")).toThrow(storeFull);
  });
});
