import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { QuicpipeError } from "../../../../src/errors.ts";
import { patiently } from "../../../../src/peer/relay/patience.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function refusal(retryAfterSeconds?: number): QuicpipeError {
  return new QuicpipeError("ERR_QUICPIPE_MAILBOX_FULL", "full", { details: { retryAfterSeconds } });
}

/** A request that fails as the test says, and then succeeds. */
function setUp(
  timeoutMs: number,
  ...errors: Error[]
): {
  result: Promise<unknown>;
  requestsMs: number[];
  waits: unknown[];
  controller: AbortController;
} {
  const [requestsMs, waits]: [number[], unknown[]] = [[], []];
  const startMs = performance.now();
  const controller = new AbortController();
  const request = (): Promise<string> => {
    requestsMs.push(performance.now() - startMs);
    const error = errors.shift();
    return error ? Promise.reject(error) : Promise.resolve("done");
  };
  const result = patiently(request, {
    deadlineMs: startMs + timeoutMs,
    signal: controller.signal,
    onWait: (why) => waits.push(why?.code),
  }).catch((error: unknown) => error);
  return { result, requestsMs, waits, controller };
}

describe("a request that is made patiently", () => {
  it("is made again when the relay said, or a little later", async () => {
    const { result, requestsMs, waits } = setUp(30_000, refusal(4), refusal(4));
    await vi.advanceTimersByTimeAsync(3999);
    expect(requestsMs).toEqual([0]);
    await vi.advanceTimersByTimeAsync(8001);
    expect(await result).toBe("done");
    expect(requestsMs[1]).toBeGreaterThanOrEqual(4000);
    expect(requestsMs[1]).toBeLessThanOrEqual(6000);
    expect(waits).toEqual(["ERR_QUICPIPE_MAILBOX_FULL", "ERR_QUICPIPE_MAILBOX_FULL", undefined]);
  });

  it("comes back ever more slowly to a relay that says at once", async () => {
    const { result, requestsMs } = setUp(60_000, ...Array.from({ length: 10_000 }, () => refusal(0)));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await result).toMatchObject({ code: "ERR_QUICPIPE_MAILBOX_FULL" });
    expect(requestsMs.length).toBeLessThanOrEqual(6);
    const gaps = requestsMs.slice(1).map((ms, i) => ms - requestsMs[i]!);
    for (const [i, gapMs] of gaps.entries()) expect(gapMs).toBeGreaterThanOrEqual(1000 * 2 ** i);
  });

  it("keeps to half a minute between attempts, however often it is refused", async () => {
    const { requestsMs } = setUp(3_600_000, ...Array.from({ length: 10_000 }, () => refusal(0)));
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(requestsMs.length).toBeGreaterThan(3600 / 45);
    expect(requestsMs.length).toBeLessThan(3600 / 30 + 5);
  });

  it("fails at once where the time is too short to come back", async () => {
    const error = refusal(10);
    const { result, requestsMs } = setUp(9000, error);
    expect(await result).toBe(error);
    expect(requestsMs).toEqual([0]);
  });

  it("fails at once with what is not for now", async () => {
    for (const error of [refusal(), new RangeError("odd")]) {
      const { result } = setUp(30_000, error);
      expect(await result).toBe(error);
    }
  });

  it("ends by its signal", async () => {
    const error = refusal(10);
    const { result, requestsMs, controller } = setUp(30_000, error);
    await vi.advanceTimersByTimeAsync(1000);
    controller.abort();
    expect(await result).toBe(error);
    expect(requestsMs).toEqual([0]);
  });
});
