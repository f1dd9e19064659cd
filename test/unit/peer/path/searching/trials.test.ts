import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { maxSearchTrials, searchAnswerMs } from "../../../../../src/defaults/index.ts";
import { Trials } from "../../../../../src/peer/path/searching/trials.ts";
import type { CheckOwner } from "../../../../../src/peer/path/seeking/checks.ts";
import type { Address } from "../../../../../src/wire/address.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const to: Address = { address: "203.0.113.9", port: 5000 };
const check = Buffer.from("check");

/** Trials, and what they do; ports of `taken` are another program's. */
function setUp(taken: readonly number[] = []): { trials: Trials; done: string[] } {
  const done: string[] = [];
  const trials = new Trials({
    to,
    owner: {} as CheckOwner,
    socket: {
      allowDirectFrom: (port) => {
        if (taken.includes(port)) return undefined;
        done.push(`bind ${port}`);
        const close = (): void => void done.push(`close ${port}`);
        return { close, release: () => void done.push(`release ${port}`) };
      },
    },
    checks: {
      receive: (datagram) => void done.push(`receive ${String(datagram)}`),
      send: (_owner, { port }) => void done.push(`ask ${port}`),
    },
  });
  return { trials, done };
}

describe("a port to which a check has come", () => {
  it("answers it, and is asked", () => {
    const { trials, done } = setUp();
    trials.add(7, check);
    expect(done).toEqual(["bind 7", "receive check", "ask 5000"]);
  });

  it("is kept where there is an answer, whichever others wait", () => {
    const { trials, done } = setUp();
    trials.add(7, check);
    trials.add(8, check);
    trials.keep()!.release();
    vi.advanceTimersByTime(60_000);
    expect(done.slice(3)).toEqual(["release 7"]);
  });

  it("is given back after a second without, and the next one is tried", () => {
    const { trials, done } = setUp();
    for (const port of [7, 8]) trials.add(port, check);
    vi.advanceTimersByTime(searchAnswerMs - 1);
    expect(done).not.toContain("close 7");
    vi.advanceTimersByTime(1);
    expect(done.slice(3)).toEqual(["close 7", "bind 8", "receive check", "ask 5000"]);
    vi.advanceTimersByTime(60_000);
    trials.add(9, check);
    expect(done.slice(7)).toEqual(["close 8", "bind 9", "receive check", "ask 5000"]);
  });

  it("is passed over where another program has it", () => {
    const { trials, done } = setUp([7]);
    trials.add(7, check);
    expect([done, trials.keep()]).toEqual([[], undefined]);
    trials.add(8, check);
    expect(done[0]).toBe("bind 8");
  });

  it("is left out where 16 wait", () => {
    const { trials, done } = setUp();
    for (let port = 1; port <= 100; port++) trials.add(port, check);
    vi.advanceTimersByTime(60_000);
    expect(done.filter((line) => line.startsWith("bind"))).toHaveLength(maxSearchTrials + 1);
  });

  it("is given back where the search ends, and nothing more is tried", () => {
    const { trials, done } = setUp();
    for (const port of [7, 8]) trials.add(port, check);
    trials.end();
    trials.end();
    vi.advanceTimersByTime(60_000);
    expect(done.slice(3)).toEqual(["close 7"]);
  });
});
