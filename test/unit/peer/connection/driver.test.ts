import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Driver } from "../../../../src/peer/connection/driver.ts";
import type { EngineConnection, EngineListener } from "../../../../src/peer/engine/contract.ts";
import { deafListener } from "../../../../src/peer/engine/deaf.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const datagram = Uint8Array.of(0x40, 1, 2, 3);

interface FakeEngine {
  useful: boolean;
  over: boolean;
  dueMs: number | undefined;
  /** How many turns it takes to send what there is to send. */
  turnsToSend: number;
  /** Called when the driver asks what has happened. */
  happens: (listener: EngineListener) => void;
}

/** A driver on an engine that does as the test says. */
function setUp(): { driver: Driver; engine: FakeEngine; calls: string[] } {
  const calls: string[] = [];
  const engine: FakeEngine = {
    useful: true,
    over: false,
    dueMs: undefined,
    turnsToSend: 0,
    happens: () => undefined,
  };
  const connection = {
    receive: () => (calls.push("receive"), engine.useful),
    poll: (listener: EngineListener) => {
      calls.push("poll");
      engine.happens(listener);
    },
    get isOver() {
      return engine.over;
    },
    timeoutMs: () => (engine.dueMs === undefined ? undefined : Math.max(0, engine.dueMs - performance.now())),
    onTimeout: () => {
      calls.push("timeout");
      engine.dueMs = performance.now() + 100;
    },
  } as unknown as EngineConnection;
  const path = {
    flush: (_connection: EngineConnection, resume: () => void) => {
      calls.push("flush");
      if (engine.turnsToSend-- > 1) resume();
    },
  };
  const owner = {
    ...deafListener,
    onEnded: () => void calls.push("ended"),
    onDetours: (detours: number) => void calls.push(`detours ${detours}`),
    onTurn: () => void calls.push("turn"),
    onOver: () => void calls.push("over"),
  };
  return { driver: new Driver(connection, path, owner), engine, calls };
}

function count(calls: readonly string[], wanted: string): number {
  return calls.filter((call) => call === wanted).length;
}

describe("the driver of a connection", () => {
  it("takes in all datagrams of a turn, tells what came of it, and only then sends", async () => {
    const { driver, calls } = setUp();
    for (let i = 0; i < 3; i++) driver.receive(datagram);
    await vi.runOnlyPendingTimersAsync();
    expect(calls).toEqual(["receive", "receive", "receive", "poll", "turn", "flush"]);
  });

  it("takes a turn for datagrams that have come to the engine directly", async () => {
    const { driver, calls } = setUp();
    driver.onReceived(2, 0);
    driver.onReceived(1, 0);
    await vi.runOnlyPendingTimersAsync();
    expect(calls).toEqual(["poll", "turn", "flush"]);
    expect(driver.refused).toBe(3);
  });

  it("tells its owner of detours", () => {
    const { driver, calls } = setUp();
    driver.onReceived(0, 0);
    driver.onReceived(1, 5);
    expect([calls, driver.refused]).toEqual([["detours 5"], 1]);
  });

  it("takes another turn where one was too short to send everything", async () => {
    const { driver, engine, calls } = setUp();
    engine.turnsToSend = 3;
    driver.wake();
    await vi.advanceTimersByTimeAsync(10);
    expect(count(calls, "flush")).toBe(3);
  });

  it("counts datagrams that are of no use", () => {
    const { driver, engine } = setUp();
    driver.receive(datagram);
    engine.useful = false;
    driver.receive(datagram);
    driver.receive(datagram);
    expect(driver.refused).toBe(2);
  });

  it("lets time go by for the engine when it is due, and takes a turn", async () => {
    const { driver, engine, calls } = setUp();
    engine.dueMs = performance.now() + 50;
    driver.wake();
    await vi.advanceTimersByTimeAsync(49);
    expect(calls).not.toContain("timeout");
    await vi.advanceTimersByTimeAsync(2);
    expect(calls.slice(-4)).toEqual(["timeout", "poll", "turn", "flush"]);
    await vi.advanceTimersByTimeAsync(250);
    expect(count(calls, "timeout")).toBe(3);
  });

  it("waits on for a deadline that has moved away", async () => {
    const { driver, engine, calls } = setUp();
    engine.dueMs = performance.now() + 50;
    driver.wake();
    await vi.advanceTimersByTimeAsync(10);
    engine.dueMs = performance.now() + 100;
    driver.wake();
    await vi.advanceTimersByTimeAsync(95);
    expect(calls).not.toContain("timeout");
    await vi.advanceTimersByTimeAsync(10);
    expect(count(calls, "timeout")).toBe(1);
  });

  it("is on time for a deadline that comes nearer", async () => {
    const { driver, engine, calls } = setUp();
    engine.dueMs = performance.now() + 1000;
    driver.wake();
    await vi.advanceTimersByTimeAsync(10);
    engine.dueMs = performance.now() + 20;
    driver.wake();
    await vi.advanceTimersByTimeAsync(22);
    expect(count(calls, "timeout")).toBe(1);
  });

  it("lets no time pass for an engine that has no deadline", async () => {
    const { driver, calls } = setUp();
    driver.receive(datagram);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(calls).not.toContain("timeout");
  });

  it("ends with the engine's connection, after telling the reason, once", async () => {
    const { driver, engine, calls } = setUp();
    engine.over = true;
    engine.happens = (listener) => count(calls, "poll") === 2 && listener.onEnded();
    driver.flush();
    driver.receive(datagram);
    driver.flush();
    await vi.runOnlyPendingTimersAsync();
    expect(calls).toEqual(["poll", "turn", "flush", "poll", "ended", "over"]);
  });

  it("leaves the engine alone once it is stopped, also in the middle of a turn", async () => {
    const { driver, engine, calls } = setUp();
    engine.dueMs = performance.now() + 10;
    engine.happens = () => driver.stop();
    driver.wake();
    await vi.advanceTimersByTimeAsync(1000);
    driver.receive(datagram);
    driver.flush();
    await vi.advanceTimersByTimeAsync(1000);
    expect(calls).toEqual(["poll", "turn"]);
  });
});
