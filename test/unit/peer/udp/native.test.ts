import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type {
  Engine,
  EngineConnection,
  EnginePort,
  PortReceived,
} from "../../../../src/peer/engine/contract.ts";
import { NativePort } from "../../../../src/peer/udp/native.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const nothing: PortReceived = { connections: [], others: [], isAny: false, isBlocked: false };
const other = (text: string, ecn: number): PortReceived["others"][0] => ({
  datagram: Buffer.from(text),
  ecn,
});
const connection = {} as EngineConnection;
const to = { address: "192.0.2.1", port: 443 };

/** A port over one of the engine's that does as the test says. */
function setUp(): {
  port: NativePort;
  inner: { flushed: "all" | "more" | "blocked"; received: PortReceived[]; fault: Error | undefined };
  calls: string[];
  wake: (fault?: string) => void;
} {
  const calls: string[] = [];
  const inner: ReturnType<typeof setUp>["inner"] = { flushed: "all", received: [], fault: undefined };
  const fake: Partial<EnginePort> = {
    address: to,
    flush: (_connection, address) => {
      if (inner.fault) throw inner.fault;
      calls.push(`flush ${address}`);
      return inner.flushed;
    },
    drain: () => {
      if (inner.fault) throw inner.fault;
      calls.push("drain");
      return inner.received.shift() ?? nothing;
    },
    attach: (_ids, _connection, number) => void calls.push(`attach ${number}`),
    detach: () => void calls.push("detach"),
    arm: () => void calls.push("arm"),
    stats: { foreign: 1, sendFailed: 2, crowdedOut: 3 },
    close: () => void calls.push("close"),
  };
  let onWake: ((fault: string | undefined) => void) | undefined;
  const engine: Partial<Engine> = {
    bindPort: (_host, _port, _bytes, given) => {
      onWake = given;
      return fake as EnginePort;
    },
  };
  const port = new NativePort(engine as Engine, "127.0.0.1", 0, {
    onDatagram: (datagram, ecn) => void calls.push(`${String(datagram)} ${ecn}`),
    onFault: ({ message }) => void calls.push(`fault: ${message}`),
  });
  return { port, inner, calls, wake: (fault) => onWake?.(fault) };
}

describe("a port of the engine", () => {
  it("looks for more while something comes, and is armed when nothing does", async () => {
    const { inner, calls, wake } = setUp();
    inner.received = [
      { ...nothing, isAny: true, others: [other("one", 0), other("two", 2)] },
      { ...nothing, isAny: true },
    ];
    wake();
    await vi.runAllTimersAsync();
    expect(calls).toEqual(["drain", "one 0", "two 2", "drain", "drain", "arm"]);
  });

  it("tells connections what has come to them until they are detached", () => {
    const { port, inner, calls, wake } = setUp();
    const received = { ...nothing, connections: [0, 0, 1, 3, 0, 2] };
    inner.received = [received, received];
    const attach = (name: string): (() => void) =>
      port.attach([], { engine: connection, onReceived: (refused) => void calls.push(`${name} ${refused}`) });
    const detach = attach("alice");
    attach("bob");
    wake();
    detach();
    wake();
    const turns = "attach 0, attach 1, drain, arm, alice 0, bob 3, alice 2, detach, drain, arm, bob 3";
    expect(calls.join(", ")).toBe(turns);
  });

  it("asks a connection for another turn if one was too short", () => {
    const { port, inner, calls } = setUp();
    const flush = (): void => port.flush(connection, to, () => void calls.push("resume"));
    flush();
    inner.flushed = "more";
    flush();
    expect(calls).toEqual(["flush 192.0.2.1:443", "flush 192.0.2.1:443", "resume"]);
  });

  it("asks a connection again when there is room, if there was none", async () => {
    const { port, inner, calls, wake } = setUp();
    inner.flushed = "blocked";
    inner.received = [{ ...nothing, isBlocked: true }];
    port.flush(connection, to, () => void calls.push("resume"));
    wake();
    await vi.runAllTimersAsync();
    expect(calls).not.toContain("resume");
    wake();
    expect(calls.at(-1)).toBe("resume");
    wake();
    expect(calls.filter((call) => call === "resume")).toHaveLength(1);
  });

  it.each([
    ["a thread that has ended", "thread"],
    ["a call that throws while it receives", "drain"],
    ["a call that throws while it sends", "flush"],
  ])("tells its owner of %s, once, and is closed then", async (_what, where) => {
    const { port, inner, calls, wake } = setUp();
    const flush = (): void => port.flush(connection, to, () => undefined);
    if (where !== "thread") inner.fault = new Error("broken");
    if (where === "flush") flush();
    else wake(where === "thread" ? "broken" : undefined);
    flush();
    wake();
    wake("again");
    await vi.runAllTimersAsync();
    expect(calls).toEqual(["close", "fault: broken"]);
  });

  it("keeps its counters when it is closed", async () => {
    const { port } = setUp();
    await port.close();
    expect([port.foreign, port.sendFailed, port.crowdedOut]).toEqual([1, 2, 3]);
  });
});
