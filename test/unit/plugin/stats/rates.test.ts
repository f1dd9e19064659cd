import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as defaults from "../../../../src/defaults/index.ts";
import type { Forwarder } from "../../../../src/forwarder/index.ts";
import { Rates } from "../../../../src/plugin/stats/rates.ts";
import type { Registration } from "../../../../src/registry/index.ts";
import { createFakeForwarder } from "../../registry/fake-forwarder.ts";

function registrationOf(session: number): Registration {
  const common = { subject: "alice", num: 1, address: null, registeredAtMs: 0, expiresAtMs: 0, ttlMs: 0 };
  return { id: String(session), ordinal: session + 1, session, ...common };
}

interface Setup {
  readonly rates: Rates;
  readonly sampleSessions: ReturnType<typeof vi.fn<Forwarder["sampleSessions"]>>;
  /** What every session and the path through user space have moved. */
  move(packets: number): void;
}

function setUp(sessions: number): Setup {
  let packets = 0;
  const registrations = Array.from({ length: sessions }, (_, session) => registrationOf(session));
  const sampleSessions = vi.fn<Forwarder["sampleSessions"]>((ids, into) => {
    for (let i = 0; i < ids.length; i++) into.set([packets, packets * 100, 0], 3 * i);
  });
  const stats: Forwarder["stats"] = () => ({
    ...createFakeForwarder().stats(),
    path: { kernel: { packets: 0, bytes: 0 }, user: { packets, bytes: packets * 100 } },
  });
  const rates = new Rates(
    { stats, sampleSessions },
    { all: () => registrations.values() as Generator<Registration> },
  );
  return {
    rates,
    sampleSessions,
    move: (more) => {
      packets += more;
    },
  };
}

describe("Rates", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("tells the rates of registrations and paths from the second sample on", async () => {
    const { rates, move } = setUp(2);
    rates.ask();
    expect([rates.of(registrationOf(1)), rates.paths]).toEqual([undefined, null]);
    move(50);
    await vi.advanceTimersByTimeAsync(defaults.sampleIntervalMs);
    const expected = { packetsPerSecond: 50, bytesPerSecond: 5000 };
    expect(rates.of(registrationOf(1))).toEqual({ ...expected, path: "user", quietMs: 0 });
    expect(rates.paths).toEqual({ kernel: { packetsPerSecond: 0, bytesPerSecond: 0 }, user: expected });
    rates.close();
  });

  it("samples nothing before the first request, and stops and discards the samples a minute after the last", async () => {
    const { rates, sampleSessions } = setUp(1);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sampleSessions).not.toHaveBeenCalled();
    rates.ask();
    await vi.advanceTimersByTimeAsync(defaults.sampleIdleMs + 2 * defaults.sampleIntervalMs);
    const samples = sampleSessions.mock.calls.length;
    expect(samples).toBeGreaterThanOrEqual(60);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sampleSessions).toHaveBeenCalledTimes(samples);
    expect([rates.of(registrationOf(0)), rates.paths, vi.getTimerCount()]).toEqual([undefined, null, 0]);
  });

  it("samples as long as there is a watcher", async () => {
    const { rates } = setUp(1);
    let samples = 0;
    const unwatch = rates.watch(() => samples++);
    await vi.advanceTimersByTimeAsync(200_000);
    expect(samples).toBe(201);
    unwatch();
    await vi.advanceTimersByTimeAsync(100_000);
    expect([samples, vi.getTimerCount()]).toEqual([201, 0]);
  });

  it("takes many sessions in slices, between which others have their turn", async () => {
    const { rates, sampleSessions } = setUp(2 * defaults.sampleBatch + 1);
    let samples = 0;
    rates.watch(() => samples++);
    expect([sampleSessions.mock.calls.length, samples]).toEqual([1, 0]);
    await vi.advanceTimersByTimeAsync(1);
    expect(sampleSessions.mock.calls.map(([ids]) => ids.length)).toEqual([
      defaults.sampleBatch,
      defaults.sampleBatch,
      1,
    ]);
    expect(samples).toBe(1);
    rates.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});
