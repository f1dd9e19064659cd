import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { httpSilenceMs } from "../../../../src/defaults/index.ts";
import { watchAnswer } from "../../../../src/peer/http/answer-watch.ts";

beforeEach(() => {
  vi.useFakeTimers({
    toFake: [
      "setTimeout",
      "setInterval",
      "setImmediate",
      "clearTimeout",
      "clearInterval",
      "clearImmediate",
      "performance",
    ],
  });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A watch of `GET /x`, with what it does to the relay. */
function watch(
  isIdempotent: boolean,
  isHeard: boolean,
): { pings: () => number; why: string[]; end: () => void } {
  let [pings, heardAtMs] = [0, -Infinity];
  const why: string[] = [];
  const request = { method: "GET", path: "/x", headers: {}, timeoutMs: 5000, isIdempotent } as const;
  const end = watchAnswer(request, {
    heardAtMs: () => (isHeard ? performance.now() : heardAtMs),
    ping: () => pings++,
    giveUp: (reason) => why.push(reason),
  });
  return { pings: () => pings, why, end };
}

describe("the watch over a pending answer", () => {
  it("pings a relay that is heard of, until the request's time is up", () => {
    const { pings, why } = watch(true, true);
    vi.advanceTimersByTime(4999);
    expect([pings(), why]).toEqual([4, []]);
    vi.advanceTimersByTime(1);
    expect(why).toEqual(["GET /x got no answer in 5000 ms"]);
  });

  it("gives a silent relay up at once for a request that can be repeated, and late for another", () => {
    const [repeatable, other] = [watch(true, false), watch(false, false)];
    vi.advanceTimersByTime(httpSilenceMs + 1);
    expect(repeatable.why).toEqual([`GET /x got no answer in ${httpSilenceMs} ms`]);
    expect([other.why, other.pings()]).toEqual([[], 0]);
    repeatable.end();
    vi.advanceTimersByTime(5000);
    expect(repeatable.why.length).toBe(1);
    expect(other.why).toEqual(["GET /x got no answer in 5000 ms"]);
  });
});
