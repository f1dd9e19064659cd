import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { QuicpipeError } from "../../../../src/errors.ts";
import { MailboxLoop, type MailboxLoopParts } from "../../../../src/peer/relay/mailbox-loop.ts";
import type { WaitingMessage } from "../../../../src/protocol.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A message of alice's, or of the sender after an @. */
const message = (id: string): WaitingMessage => ({
  id,
  sender: id.split("@")[1] ?? "alice",
  note: null,
  sizes: [1200],
  createdAt: "",
  expiresAt: "",
});

/** A mailbox that gives out lists one by one, then waits until it is given up. */
function setUp(
  lists: (readonly string[] | Error)[],
  parts: Partial<MailboxLoopParts<string>> = {},
): { loop: MailboxLoop<string>; polls: number[]; errors: QuicpipeError[]; discarded: string[] } {
  const [polls, errors, discarded]: [number[], QuicpipeError[], string[]] = [[], [], []];
  const startMs = Date.now();
  const loop = new MailboxLoop<string>({
    poll: (signal) => {
      polls.push(Date.now() - startMs);
      const list = lists.shift();
      if (list instanceof Error) return Promise.reject(list);
      if (list) return Promise.resolve(list.map(message));
      return new Promise((_resolve, reject) =>
        signal.addEventListener("abort", () => reject(new Error("given up"))),
      );
    },
    wants: () => true,
    accept: ({ id }, onTaken) => {
      onTaken();
      return Promise.resolve(`connection ${id}`);
    },
    refuse: () => Promise.resolve(false),
    discard: (connection) => discarded.push(connection),
    onError: (error) => errors.push(error),
    tokenMayChange: false,
    backlog: 16,
    ...parts,
  });
  return { loop, polls, errors, discarded };
}

/** Takes a message, and never comes to the end of the handshake. */
function acceptNever(_message: WaitingMessage, onTaken: () => void): Promise<string> {
  onTaken();
  return Promise.withResolvers<string>().promise;
}

/** Fails with everything but "good", and leaves it in the mailbox. */
function acceptGood({ id }: WaitingMessage): Promise<string> {
  return id === "good" ? Promise.resolve(id) : Promise.reject(new RangeError("odd"));
}

const unreachable = new QuicpipeError("ERR_QUICPIPE_RELAY_UNREACHABLE", "away");

describe("the accepter's loop", () => {
  it("takes no more than half of its places for one sender's unfinished handshakes", async () => {
    const taken: string[] = [];
    const flood = Array.from({ length: 30 }, (_, i) => `${i}@mallory`);
    const left = [...flood.slice(8), "late@bob"];
    const { loop, polls } = setUp([flood, left, left.slice(0, -1), left.slice(0, -1)], {
      accept: ({ id }, onTaken) => {
        taken.push(id);
        return acceptNever(message(id), onTaken);
      },
    });
    loop.start();
    await vi.advanceTimersByTimeAsync(3500);
    expect(taken).toEqual([...flood.slice(0, 8), "late@bob"]);
    // Messages that wait for their sender's share do not make the loop hurry.
    expect(polls).toEqual([0, 0, 0, 1000, 2000]);
    loop.close();
  });

  it.each([
    ["ERR_QUICPIPE_REGISTRATION_QUOTA", "no-registrations"],
    ["ERR_QUICPIPE_CID_QUOTA", "no-registrations"],
    ["ERR_QUICPIPE_TABLE_FULL", "no-registrations"],
    ["ERR_QUICPIPE_SCOPE_MISSING", "not-allowed"],
    ["ERR_QUICPIPE_DRAINING", "closing"],
  ] as const)("refuses what it cannot take for %s as %s, and goes on at once", async (code, reason) => {
    const refused: string[] = [];
    const { loop, polls, errors } = setUp([["a"], ["b"]], {
      accept: ({ id }, onTaken) => {
        if (id === "a") return Promise.reject(new QuicpipeError(code, "full", { details: {} }));
        onTaken();
        return Promise.resolve(id);
      },
      refuse: async ({ id }, why) => {
        refused.push(`${id}: ${why}`);
        return true;
      },
      tokenMayChange: true,
    });
    expect(await loop.next()).toBe("b");
    expect(refused).toEqual([`a: ${reason}`]);
    expect(errors).toMatchObject([{ code }]);
    expect(polls.slice(0, 2)).toEqual([0, 0]);
    loop.close();
  });

  it("leaves in the mailbox what it cannot take, and slows down, where the relay knows no refusals", async () => {
    const { loop, polls } = setUp([["a"], ["a"], []], {
      accept: () => Promise.reject(new QuicpipeError("ERR_QUICPIPE_REGISTRATION_QUOTA", "full")),
    });
    loop.start();
    await vi.advanceTimersByTimeAsync(1500);
    expect(polls).toEqual([0, 500, 1500]);
    loop.close();
  });

  it("leaves in the mailbox what failed for a reason that does not concern the dialer", async () => {
    const refused: string[] = [];
    const { loop } = setUp([["a"]], {
      accept: () => Promise.reject(new QuicpipeError("ERR_QUICPIPE_RELAY_UNREACHABLE", "away")),
      refuse: async ({ id }) => refused.push(id) > 0,
    });
    loop.start();
    await vi.advanceTimersByTimeAsync(100);
    expect(refused).toEqual([]);
    loop.close();
  });

  it("refuses what is not wanted for the reason given, once, and takes the rest", async () => {
    const refused: string[] = [];
    const { loop, polls } = setUp([["no", "yes"], []], {
      wants: ({ id }) => id === "yes" || "busy",
      refuse: async ({ id }, why) => {
        await new Promise((resolve) => setTimeout(resolve, 50));
        refused.push(`${id}: ${why}`);
        return true;
      },
    });
    expect(await loop.next()).toBe("connection yes");
    await vi.advanceTimersByTimeAsync(200);
    expect(refused).toEqual(["no: busy"]);
    // Not before the refusal has got there: the message would come again.
    expect(polls.slice(0, 2)).toEqual([0, 50]);
    loop.close();
  });

  it("refuses sixteen at once and one a second after that, and leaves the rest", async () => {
    const left = new Set(Array.from({ length: 100 }, (_, i) => `${i}@mallory`));
    const refusedMs: number[] = [];
    const startMs = Date.now();
    let polls = 0;
    const { loop } = setUp([], {
      poll: async () => (polls++ > 0 ? [...left] : [...left, "good"]).map(message),
      wants: ({ sender }) => sender !== "mallory" || "not-trusted",
      refuse: async ({ id }) => {
        refusedMs.push(Date.now() - startMs);
        return left.delete(id);
      },
    });
    expect(await loop.next()).toBe("connection good");
    await vi.advanceTimersByTimeAsync(3500);
    expect(refusedMs).toEqual([...Array.from({ length: 16 }, () => 0), 1000, 2000, 3000]);
    // After each refusal one at once, and one that finds nothing to do.
    expect(polls).toBe(8);
    loop.close();
  });

  it("asks nothing before the first call of next", async () => {
    const { loop, polls } = setUp([["a"]]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(polls).toEqual([]);
    expect(await loop.next()).toBe("connection a");
  });

  it("gives connections in turn, to pending and later calls of next", async () => {
    const { loop } = setUp([["a", "b"], ["c"]]);
    const [first, second] = [loop.next(), loop.next()];
    expect(await first).toBe("connection a");
    expect(await second).toBe("connection b");
    await vi.advanceTimersByTimeAsync(0);
    expect(await loop.next()).toBe("connection c");
  });

  it("asks more and more slowly after errors, and at once again after success", async () => {
    const refused = new QuicpipeError("ERR_QUICPIPE_RELAY_REFUSED", "odd");
    const { loop, polls, errors } = setUp([refused, refused, refused, ["a"], refused]);
    loop.start();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(polls).toEqual([0, 500, 1500, 3500, 3500, 4000]);
    expect(errors).toHaveLength(4);
    loop.close();
  });

  it("asks a relay that is away every second, as it may be back", async () => {
    const { loop, polls } = setUp(Array.from({ length: 60 }, () => unreachable));
    loop.start();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(polls.slice(0, 4)).toEqual([0, 500, 1500, 2500]);
    expect(polls).toHaveLength(61);
    loop.close();
  });

  it("asks a relay that answers at once with nothing no more than once a second", async () => {
    const { loop, polls } = setUp(Array.from({ length: 100 }, () => []));
    loop.start();
    await vi.advanceTimersByTimeAsync(10_500);
    expect(polls).toEqual(Array.from({ length: 11 }, (_, i) => i * 1000));
    loop.close();
  });

  it("waits for nothing after a poll that took its time", async () => {
    let polls = 0;
    const poll = (): Promise<never[]> => {
      polls++;
      return new Promise((resolve) => setTimeout(resolve, 25_000, []));
    };
    const { loop } = setUp([], { poll });
    loop.start();
    await vi.advanceTimersByTimeAsync(50_000);
    expect(polls).toBe(3);
    loop.close();
  });

  it("is not sent into a hot loop by a wait that no timer keeps", async () => {
    const odd = new QuicpipeError("ERR_QUICPIPE_RATE_LIMITED", "slow", {
      details: { retryAfterSeconds: 999_999_999 },
    });
    const { loop, polls } = setUp([odd, odd, odd]);
    loop.start();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(polls).toEqual([0]);
    loop.close();
  });

  it("waits as long as the relay asks it to", async () => {
    const limited = new QuicpipeError("ERR_QUICPIPE_RATE_LIMITED", "slow", {
      details: { retryAfterSeconds: 7 },
    });
    const { loop, polls } = setUp([limited]);
    loop.start();
    await vi.advanceTimersByTimeAsync(8000);
    expect(polls).toEqual([0, 7000]);
    loop.close();
  });

  it("stops for good where the token is refused for good, but not where another may come", async () => {
    const expired = new QuicpipeError("ERR_QUICPIPE_TOKEN_EXPIRED", "expired");
    const { loop, polls } = setUp([expired]);
    await expect(loop.next()).rejects.toBe(expired);
    await expect(loop.next()).rejects.toBe(expired);
    expect(polls).toHaveLength(1);
    const other = setUp([expired, ["a"]], { tokenMayChange: true });
    const next = other.loop.next();
    await vi.advanceTimersByTimeAsync(1000);
    expect(await next).toBe("connection a");
  });

  it("does not ask again while a message is not taken, nor take it twice", async () => {
    const taken = Promise.withResolvers<void>();
    const accept = async (_message: WaitingMessage, onTaken: () => void): Promise<string> => {
      await taken.promise;
      onTaken();
      return "late";
    };
    const { loop, polls } = setUp([["a"]], { accept });
    const next = loop.next();
    await vi.advanceTimersByTimeAsync(1000);
    expect(polls).toHaveLength(1);
    taken.resolve();
    expect(await next).toBe("late");
    await vi.advanceTimersByTimeAsync(0);
    expect(polls).toHaveLength(2);
  });

  it("asks on while a handshake takes its time", async () => {
    const { loop, polls } = setUp([["a"]], { accept: acceptNever });
    loop.start();
    await vi.advanceTimersByTimeAsync(0);
    expect(polls).toHaveLength(2);
  });

  it("accepts no more than sixteen connections ahead of next", async () => {
    const { loop, polls } = setUp([Array.from({ length: 16 }, (_, i) => `${i}@${i}`), ["late"]]);
    loop.start();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(polls).toHaveLength(1);
    expect(await loop.next()).toBe("connection 0@0");
    await vi.advanceTimersByTimeAsync(0);
    expect(polls).toHaveLength(2);
  });

  it("leaves dialers in the mailbox without a pending call of next, where it may accept none ahead", async () => {
    const { loop, polls } = setUp([["a", "b"], ["b"]], { backlog: 0 });
    loop.start();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(polls).toEqual([]);
    expect(await loop.next()).toBe("connection a");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(polls).toHaveLength(1);
    expect(await loop.next()).toBe("connection b");
    expect(polls).toHaveLength(2);
    loop.close();
  });

  it("makes no more connections at a time than fit, however many messages a relay says there are", async () => {
    let made = 0;
    const accept = (_message: WaitingMessage, onTaken: () => void): Promise<string> => {
      made++;
      return acceptNever(_message, onTaken);
    };
    const { loop } = setUp([Array.from({ length: 10_000 }, (_, i) => `${i}@${i}`)], { accept });
    loop.start();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(made).toBe(16);
    loop.close();
  });

  it("leaves in the mailbox what is not wanted, and asks about it again each second", async () => {
    let wanted = "b";
    const wants = ({ id }: WaitingMessage): boolean => id === wanted;
    const { loop, polls } = setUp([["a", "b"], ["a"], ["a"], ["a"]], { wants });
    expect(await loop.next()).toBe("connection b");
    const next = loop.next();
    await vi.advanceTimersByTimeAsync(1500);
    wanted = "a";
    await vi.advanceTimersByTimeAsync(1000);
    expect(await next).toBe("connection a");
    expect(polls.slice(0, 4)).toEqual([0, 0, 1000, 2000]);
    loop.close();
  });

  it("reports what was not accepted, and goes on", async () => {
    const { loop, errors } = setUp([["bad", "good"]], { accept: acceptGood });
    expect(await loop.next()).toBe("good");
    expect(errors).toMatchObject([{ code: "ERR_QUICPIPE_INTERNAL", cause: { message: "odd" } }]);
  });

  it("asks more slowly while a message cannot be taken", async () => {
    const { loop, polls } = setUp([["bad"], ["bad"], ["bad"]], { accept: acceptGood });
    loop.start();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(polls).toEqual([0, 500, 1500, 3500]);
    loop.close();
  });

  it.each(["ERR_QUICPIPE_MESSAGE_NOT_FOUND", "ERR_QUICPIPE_MESSAGE_TAKEN"] as const)(
    "asks again within a second however often a sender recalls its messages (%s)",
    async (code) => {
      const accept = ({ id }: WaitingMessage, onTaken: () => void): Promise<string> => {
        if (id.endsWith("@mallory")) return Promise.reject(new QuicpipeError(code, "gone"));
        onTaken();
        return Promise.resolve(id);
      };
      const lists = [["1@mallory"], ["2@mallory"], ["3@mallory"], ["4@mallory", "good"], []];
      const { loop, polls, errors } = setUp(lists, { accept });
      const next = loop.next();
      await vi.advanceTimersByTimeAsync(3500);
      // The message that was taken makes the loop go on at once.
      expect(polls).toEqual([0, 1000, 2000, 3000, 3000]);
      expect(errors).toHaveLength(4);
      expect(await next).toBe("good");
      loop.close();
    },
  );

  it("ends pending calls and discards connections that were not fetched when it is closed", async () => {
    const { loop, discarded } = setUp([["a", "b"]]);
    expect(await loop.next()).toBe("connection a");
    await vi.advanceTimersByTimeAsync(0);
    loop.close();
    expect(discarded).toEqual(["connection b"]);
    expect(await loop.next()).toBeUndefined();
    const idle = setUp([]);
    const next = idle.loop.next();
    idle.loop.close();
    expect(await next).toBeUndefined();
  });
});
