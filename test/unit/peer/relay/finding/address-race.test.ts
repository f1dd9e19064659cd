import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { relayAttemptMs, relayRoundMs, relayStaggerMs } from "../../../../../src/defaults/index.ts";
import { raceAddresses } from "../../../../../src/peer/relay/finding/address-race.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** What the test makes of an attempt, by its address. */
interface Attempt {
  readonly address: string;
  readonly atMs: number;
  readonly signal: AbortSignal;
  readonly win: (result: string) => void;
  readonly fail: (error: Error) => void;
}

function setUp(rounds: string[][]): {
  attempts: Attempt[];
  discarded: string[];
  result: Promise<string | Error>;
  controller: AbortController;
  tried: () => string[];
} {
  const [attempts, discarded]: [Attempt[], string[]] = [[], []];
  const startMs = Date.now();
  const controller = new AbortController();
  const result = raceAddresses<string>({
    addresses: () => Promise.resolve((rounds.length > 1 ? rounds.shift() : rounds[0]) ?? []),
    attempt(address, signal) {
      const { promise, resolve: win, reject: fail } = Promise.withResolvers<string>();
      attempts.push({ address, atMs: Date.now() - startMs, signal, win, fail });
      return promise;
    },
    discard: (late) => discarded.push(late),
    signal: controller.signal,
  }).catch((error: Error) => error);
  const tried = (): string[] => attempts.map(({ address, atMs }) => `${address} ${atMs}`);
  return { attempts, discarded, result, controller, tried };
}

describe("a race of addresses", () => {
  it("gives each a head start, and the first that answers wins", async () => {
    const { attempts, result, discarded, tried } = setUp([["a", "b", "c"]]);
    await vi.advanceTimersByTimeAsync(relayStaggerMs + 1);
    expect(tried()).toEqual(["a 0", `b ${relayStaggerMs}`]);
    attempts[1]!.win("from b");
    expect(await result).toBe("from b");
    expect(attempts[0]!.signal.aborted).toBe(true);
    attempts[0]!.win("from a");
    await vi.advanceTimersByTimeAsync(10 * relayRoundMs);
    expect(discarded).toEqual(["from a"]);
    expect(attempts).toHaveLength(2);
  });

  it("goes on at once where an attempt fails, and ends with the last failure where all do", async () => {
    const { attempts, result, tried } = setUp([["a", "b"]]);
    await vi.advanceTimersByTimeAsync(10);
    attempts[0]!.fail(new Error("refused"));
    await vi.advanceTimersByTimeAsync(0);
    expect(tried()).toEqual(["a 0", "b 10"]);
    attempts[1]!.fail(new Error("refused too"));
    expect(await result).toEqual(new Error("refused too"));
  });

  it("looks the name up and tries again where no address answers, and abandons old attempts", async () => {
    const { attempts, controller, result, tried } = setUp([["a"], ["b"]]);
    await vi.advanceTimersByTimeAsync(relayRoundMs + 1);
    expect(tried()).toEqual(["a 0", `b ${relayRoundMs}`]);
    controller.abort(new Error("no more time"));
    expect(await result).toEqual(new Error("no more time"));
    expect(attempts.every(({ signal }) => signal.aborted)).toBe(true);
    expect(relayAttemptMs).toBeGreaterThanOrEqual(2 * relayRoundMs);
  });

  it("lets an answer to an old round win", async () => {
    const { attempts, result } = setUp([["a"]]);
    await vi.advanceTimersByTimeAsync(relayRoundMs + 1);
    attempts[0]!.win("late");
    expect(await result).toBe("late");
    expect(attempts[1]!.signal.aborted).toBe(true);
  });
});
