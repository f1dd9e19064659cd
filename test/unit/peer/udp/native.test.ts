import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type {
  Engine,
  EngineConnection,
  EnginePort,
  PortFlush,
  PortReceived,
} from "../../../../src/peer/engine/contract.ts";
import { NativePort } from "../../../../src/peer/udp/native.ts";
import { formatAddress } from "../../../../src/wire/address.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const nothing: PortReceived = { connections: [], others: [], isAny: false, isBlocked: false };
const to = { address: "192.0.2.1", port: 443 };
const other = (text: string, ecn: number): PortReceived["others"][0] => ({
  datagram: Buffer.from(text),
  ecn,
  from: to,
});
const connection = {} as EngineConnection;

/** A port over one of the engine's that does as the test says. */
function setUp(): {
  port: NativePort;
  inner: {
    flushed: PortFlush["progress"];
    isMirrored: boolean;
    received: PortReceived[];
    fault: Error | undefined;
  };
  calls: string[];
  wake: (fault?: string) => void;
} {
  const calls: string[] = [];
  const inner: ReturnType<typeof setUp>["inner"] = {
    flushed: "all",
    isMirrored: false,
    received: [],
    fault: undefined,
  };
  const fake: Partial<EnginePort> = {
    address: to,
    flush: (_connection, ...route) => {
      if (inner.fault) throw inner.fault;
      calls.push(`flush ${route.join()}`);
      return { progress: inner.flushed, isMirrored: inner.isMirrored };
    },
    addSocket: (...way) => {
      if (inner.fault) throw inner.fault;
      calls.push(`add socket ${way.join()}`);
    },
    removeSocket: (remote) => void calls.push(`remove socket ${remote}`),
    send: (_datagram, ...way) => void calls.push(`send ${way.join()}`),
    setSources: (...sources) => void calls.push(`sources ${sources.join()}`),
    addTag: (tag) => void calls.push(`add ${tag}`),
    removeTag: (tag) => void calls.push(`remove ${tag}`),
    setChecked: (addresses) => void calls.push(`checked ${addresses.join()}`),
    drain: () => {
      if (inner.fault) throw inner.fault;
      calls.push("drain");
      return inner.received.shift() ?? nothing;
    },
    attach: (_ids, _connection, number) => void calls.push(`attach ${number}`),
    detach: () => void calls.push("detach"),
    arm: () => void calls.push("arm"),
    stats: { foreign: 1, sendFailed: 2, crowdedOut: 3, strangersRefused: 4 },
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
    onDatagram: (datagram, ecn, from) => void calls.push(`${String(datagram)} ${ecn} ${formatAddress(from)}`),
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
    expect(calls).toEqual(["drain", "one 0 192.0.2.1:443", "two 2 192.0.2.1:443", "drain", "drain", "arm"]);
  });

  it("tells connections what has come to them until they are detached", () => {
    const { port, inner, calls, wake } = setUp();
    const received = { ...nothing, connections: [0, 0, 5, 1, 3, 0, 0, 2, 0] };
    inner.received = [received, received];
    const attach = (name: string): (() => void) =>
      port.attach([], {
        engine: connection,
        onReceived: (...counts) => void calls.push(`${name} ${counts.join()}`),
      });
    const detach = attach("alice");
    attach("bob");
    wake();
    detach();
    wake();
    const turns =
      "attach 0, attach 1, drain, arm, alice 0,5, bob 3,0, alice 2,0, detach, drain, arm, bob 3,0";
    expect(calls.join(", ")).toBe(turns);
  });

  it("passes on where packets go and what is taken, and says whether any were mirrored", () => {
    const { port, inner, calls } = setUp();
    const direct = { address: "2001:db8::1", port: 5 };
    const flush = (isMirrored: boolean): boolean =>
      port.flush(connection, to, { direct, isMirrored }, () => undefined);
    expect(flush(false)).toBe(false);
    inner.isMirrored = true;
    expect(flush(true)).toBe(true);
    port.send(Buffer.of(1), direct, 5);
    port.setSources([to], [direct]);
    port.strangers.addTag("8 bytes!");
    port.strangers.removeTag("8 bytes!");
    port.strangers.setChecked([direct]);
    expect(calls).toEqual([
      "flush 192.0.2.1:443,[2001:db8::1]:5,false",
      "flush 192.0.2.1:443,[2001:db8::1]:5,true",
      "send [2001:db8::1]:5,5",
      "sources 192.0.2.1:443,[2001:db8::1]:5",
      "add 8 bytes!",
      "remove 8 bytes!",
      "checked [2001:db8::1]:5",
    ]);
  });

  it("is no worse for a further socket that it cannot have", () => {
    const { port, inner, calls } = setUp();
    expect(port.addSocket(4433, to)).toBe(true);
    port.removeSocket(to);
    inner.fault = new Error("taken");
    expect(port.addSocket(4433, to)).toBe(false);
    expect([port.sendFailed, calls]).toEqual([
      2,
      ["add socket 4433,192.0.2.1:443", "remove socket 192.0.2.1:443"],
    ]);
  });

  it("asks a connection for another turn if one was too short", () => {
    const { port, inner, calls } = setUp();
    const flush = (): boolean => port.flush(connection, to, undefined, () => void calls.push("resume"));
    flush();
    inner.flushed = "more";
    flush();
    expect(calls).toEqual(["flush 192.0.2.1:443,,false", "flush 192.0.2.1:443,,false", "resume"]);
  });

  it("asks a connection again when there is room, if there was none", async () => {
    const { port, inner, calls, wake } = setUp();
    inner.flushed = "blocked";
    inner.received = [{ ...nothing, isBlocked: true }];
    port.flush(connection, to, undefined, () => void calls.push("resume"));
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
    const flush = (): boolean => port.flush(connection, to, undefined, () => undefined);
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
    expect([port.foreign, port.sendFailed, port.crowdedOut, port.strangersRefused]).toEqual([1, 2, 3, 4]);
  });
});
