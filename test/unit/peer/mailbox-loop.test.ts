import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { QuicpipeError } from "../../../src/errors.ts";
import { MailboxLoop, type MailboxLoopParts } from "../../../src/peer/mailbox-loop.ts";
import type { WaitingMessage } from "../../../src/protocol.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const message = (id: string): WaitingMessage => ({
  id,
  sender: "alice",
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
    accept: ({ id }, onTaken) => {
      onTaken();
      return Promise.resolve(`connection ${id}`);
    },
    discard: (connection) => discarded.push(connection),
    onError: (error) => errors.push(error),
    tokenMayChange: false,
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
  it("asks nothing before somebody waits", async () => {
    const { loop, polls } = setUp([["a"]]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(polls).toEqual([]);
    expect(await loop.next()).toBe("connection a");
  });

  it("gives out connections in turn, to whoever waits or comes later", async () => {
    const { loop } = setUp([["a", "b"], ["c"]]);
    const [first, second] = [loop.next(), loop.next()];
    expect(await first).toBe("connection a");
    expect(await second).toBe("connection b");
    await vi.advanceTimersByTimeAsync(0);
    expect(await loop.next()).toBe("connection c");
  });

  it("asks more and more slowly after errors, and at once again after success", async () => {
    const { loop, polls, errors } = setUp([unreachable, unreachable, unreachable, [], unreachable]);
    loop.start();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(polls).toEqual([0, 500, 1500, 3500, 3500, 4000]);
    expect(errors).toHaveLength(4);
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

  it("takes no more than sixteen that nobody fetches", async () => {
    const { loop, polls } = setUp([Array.from({ length: 16 }, (_, i) => `${i}`), ["late"]]);
    loop.start();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(polls).toHaveLength(1);
    expect(await loop.next()).toBe("connection 0");
    await vi.advanceTimersByTimeAsync(0);
    expect(polls).toHaveLength(2);
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

  it("ends waiting calls and discards what nobody took when it is closed", async () => {
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
