import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Driver, type DriverOwner } from "../../../../src/peer/connection/driver.ts";
import type { EngineConnection } from "../../../../src/peer/engine/contract.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const shortHeader = (): Uint8Array => Uint8Array.of(0x40, 1, 2, 3);
const longHeader = (version: number): Uint8Array => Uint8Array.of(0xc0, 0, 0, 0, version, 0, 0);

/** A driver on an engine that does as the test says. */
function setUp({ frozen = false } = {}): {
  driver: Driver;
  engine: {
    useful: boolean;
    failed: boolean;
    closed: boolean;
    dueMs: number | undefined;
    idleMs: number;
    toSend: number;
  };
  owner: { [name in keyof DriverOwner]: ReturnType<typeof vi.fn> };
  calls: string[];
} {
  const calls: string[] = [];
  const engine = {
    useful: true,
    failed: false,
    closed: false,
    dueMs: undefined as number | undefined,
    idleMs: Infinity,
    toSend: 0,
  };
  const connection = {
    receive: () => (calls.push("receive"), engine.useful),
    localClose: () => (engine.failed ? {} : undefined),
    send: () => (engine.toSend-- > 0 ? 10 : 0),
    isClosed: () => engine.closed,
    timeoutMs: () => (engine.dueMs === undefined ? undefined : Math.max(0, engine.dueMs - performance.now())),
    idleLeftMs: () => engine.idleMs - performance.now(),
    onTimeout: () => {
      calls.push("timeout");
      engine.dueMs = performance.now() + 100;
    },
  } as unknown as EngineConnection;
  const path = {
    slot: () => new Uint8Array(1500),
    sendSlot: (length: number) => void calls.push(`send ${length}`),
  };
  const owner = {
    maySend: vi.fn(() => true),
    onTurn: vi.fn(() => void calls.push("turn")),
    onStalled: vi.fn((): Promise<void> | undefined => undefined),
    onClosed: vi.fn(),
  };
  return { driver: new Driver(connection, path, owner, frozen), engine, owner, calls };
}

/** A driver that has probed once, and waits. */
async function setUpHeld(): Promise<ReturnType<typeof setUp> & { probes(): number; mend(): void }> {
  const parts = setUp();
  const { promise, resolve } = Promise.withResolvers<void>();
  parts.owner.onStalled.mockReturnValue(promise);
  parts.engine.dueMs = performance.now() + 100;
  parts.driver.wake();
  await vi.advanceTimersByTimeAsync(1000);
  const probes = (): number => parts.calls.filter((call) => call === "timeout").length;
  expect(probes()).toBe(1);
  return { ...parts, probes, mend: resolve };
}

describe("the driver of a connection", () => {
  it("takes in all datagrams of a turn before anything goes out", async () => {
    const { driver, engine, calls } = setUp();
    engine.toSend = 2;
    for (let i = 0; i < 3; i++) driver.receive(shortHeader());
    await vi.runOnlyPendingTimersAsync();
    expect(calls).toEqual(["receive", "receive", "receive", "turn", "send 10", "send 10"]);
  });

  it("keeps packets of other versions from the engine, and counts what is of no use", () => {
    const { driver, engine, calls } = setUp();
    driver.receive(longHeader(0));
    driver.receive(longHeader(2));
    expect(calls).toEqual([]);
    engine.useful = false;
    driver.receive(longHeader(1));
    expect(calls).toEqual(["receive"]);
    expect(driver.refused).toBe(3);
  });

  it("sends nothing while its owner holds it back", async () => {
    const { driver, engine, owner, calls } = setUp();
    engine.toSend = 1;
    owner.maySend.mockReturnValueOnce(false);
    driver.receive(shortHeader());
    await vi.runOnlyPendingTimersAsync();
    expect(calls).toEqual(["receive"]);
    driver.wake();
    await vi.runOnlyPendingTimersAsync();
    expect(calls).toEqual(["receive", "turn", "send 10"]);
  });

  it("lets no time pass for a frozen engine until something useful comes", async () => {
    const { driver, engine, calls } = setUp({ frozen: true });
    engine.dueMs = performance.now() + 50;
    engine.useful = false;
    driver.receive(shortHeader());
    await vi.advanceTimersByTimeAsync(1000);
    expect(driver.frozen).toBe(true);
    expect(calls).not.toContain("timeout");
    engine.useful = true;
    driver.receive(shortHeader());
    await vi.advanceTimersByTimeAsync(50);
    expect(driver.frozen).toBe(false);
    expect(calls).toContain("timeout");
  });

  it("thaws on demand, and where the engine ends the connection over what came", () => {
    const thawed = setUp({ frozen: true });
    thawed.driver.thaw();
    expect(thawed.driver.frozen).toBe(false);
    const failed = setUp({ frozen: true });
    Object.assign(failed.engine, { useful: false, failed: true });
    failed.driver.receive(shortHeader());
    expect(failed.driver.frozen).toBe(false);
  });

  it("says that the connection has stalled when time runs out twice without an answer", async () => {
    const { driver, engine, owner } = setUp();
    engine.dueMs = performance.now() + 100;
    driver.wake();
    await vi.advanceTimersByTimeAsync(150);
    expect(owner.onStalled).not.toHaveBeenCalled();
    driver.receive(shortHeader());
    await vi.advanceTimersByTimeAsync(100);
    expect(owner.onStalled).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(100);
    expect(owner.onStalled).toHaveBeenCalledOnce();
  });

  describe("whose owner says that there is no way for now", () => {
    it("probes no more until that is mended, and then at once", async () => {
      const { driver, probes, mend } = await setUpHeld();
      driver.wake();
      await vi.advanceTimersByTimeAsync(10_000);
      expect(probes()).toBe(1);
      mend();
      await vi.advanceTimersByTimeAsync(0);
      expect(probes()).toBe(2);
    });

    it("probes when something comes", async () => {
      const { driver, probes, mend } = await setUpHeld();
      driver.receive(shortHeader());
      await vi.advanceTimersByTimeAsync(1);
      expect(probes()).toBe(2);
      mend();
      await vi.advanceTimersByTimeAsync(0);
      expect(probes()).toBe(2);
    });

    it("still lets silence end the connection", async () => {
      const { driver, engine, probes } = await setUpHeld();
      engine.idleMs = performance.now() + 1000;
      driver.wake();
      await vi.advanceTimersByTimeAsync(999);
      expect(probes()).toBe(1);
      engine.closed = true;
      await vi.advanceTimersByTimeAsync(2);
      expect(probes()).toBe(2);
    });

    it("holds back no CONNECTION_CLOSE", async () => {
      const { driver, engine, probes } = await setUpHeld();
      engine.failed = true;
      driver.flush();
      await vi.advanceTimersByTimeAsync(1);
      expect(probes()).toBe(2);
    });

    it("leaves the engine alone once it was stopped", async () => {
      const { driver, probes, mend } = await setUpHeld();
      driver.stop();
      mend();
      await vi.advanceTimersByTimeAsync(1000);
      expect(probes()).toBe(1);
    });
  });

  it("ends with the engine's connection, once", async () => {
    const { driver, engine, owner } = setUp();
    engine.closed = true;
    driver.flush();
    driver.receive(shortHeader());
    driver.flush();
    await vi.runOnlyPendingTimersAsync();
    expect(owner.onClosed).toHaveBeenCalledOnce();
  });
});
