import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ConnectionIds } from "../../../../src/peer/connection/connection-ids.ts";
import { QuicConnection } from "../../../../src/peer/connection/quic-connection.ts";
import type { EngineConnection, EngineEnd, EngineListener } from "../../../../src/peer/engine/contract.ts";
import type { DirectPolicy } from "../../../../src/peer/path/policy.ts";
import { PathChecks } from "../../../../src/peer/path/seeking/checks.ts";
import type { PeerSocket } from "../../../../src/peer/socket.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface FakeEngine {
  isOver: boolean;
  isHeld: boolean;
  silentMs: number;
  pings: number;
  ending: EngineEnd | undefined;
  /** What the other side was told at the end. */
  closed: [code: number, reason: string] | undefined;
  happens: (listener: EngineListener) => void;
}

/** A connection on an engine and a relay that do as the test says. */
function setUp(
  onStalled: () => Promise<void> | undefined = () => undefined,
  direct: DirectPolicy = "auto",
): {
  connection: QuicConnection;
  engine: FakeEngine;
  onEnd: () => void;
} {
  const engine: FakeEngine = {
    isOver: false,
    isHeld: false,
    silentMs: 0,
    pings: 0,
    ending: undefined,
    closed: undefined,
    happens: () => undefined,
  };
  const fake = {
    receive: () => true,
    poll: (listener: EngineListener) => engine.happens(listener),
    timeoutMs: () => undefined,
    hold: () => void (engine.isHeld = true),
    release: () => void (engine.isHeld = false),
    certificates: () => [],
    applicationProtocol: () => "app",
    pingPath: () => void engine.pings++,
    silentMs: () => engine.silentMs,
    end: () => engine.ending,
    close: (code: number, reason: string) => void (engine.closed = [code, reason]),
    get isOver() {
      return engine.isOver;
    },
  } as unknown as EngineConnection;
  const socket = {
    addRoute: () => undefined,
    removeRoute: () => undefined,
    flush: () => false,
    attach: () => () => undefined,
  };
  const onEnd = vi.fn();
  const connection = new QuicConnection({
    engine: fake,
    socket: socket as unknown as PeerSocket,
    checks: new PathChecks({ send: () => undefined, isDirect: () => false, strangers: undefined }),
    direct,
    birthdaySearch: false,
    reflexive: () => undefined,
    nat: {
      report: { kind: "unknown" },
      isSilent: false,
      otherFamily: undefined,
      measure: () => Promise.resolve(undefined),
    },
    mapped: () => [],
    relays: [],
    maxStreams: 100,
    ids: new ConnectionIds(4),
    role: "client",
    check: undefined,
    remoteName: "bob",
    ownPin: "",
    idleTimeoutMs: 30_000,
    keepaliveMs: 25_000,
    relayFault: () => undefined,
    onStalled,
    onCidsRunLow: () => undefined,
    onEnd,
  });
  return { connection, engine, onEnd };
}

/** Lets the engine tell something in the next turn. */
async function happen(
  { connection, engine }: ReturnType<typeof setUp>,
  happens: FakeEngine["happens"],
): Promise<void> {
  engine.happens = happens;
  connection.receive(Uint8Array.of(0x40), 0);
  await vi.advanceTimersByTimeAsync(1);
  engine.happens = () => undefined;
}

describe("a connection", () => {
  it("ends with an error where a fault of the engine ends it without a word", async () => {
    const parts = setUp();
    await happen(parts, () => {
      parts.engine.isOver = true;
      parts.engine.ending = { by: "this", isApplication: false, errorCode: 1, reason: "fault" };
    });
    await expect(parts.connection.milestones.closed).rejects.toMatchObject({
      code: "ERR_QUICPIPE_HANDSHAKE_FAILED",
    });
    expect(parts.onEnd).toHaveBeenCalledOnce();
  });

  it("holds its engine while the way to the relay is mended, if it is known to be broken", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const parts = setUp(() => promise);
    await happen(parts, (listener) => listener.onStalled());
    expect(parts.engine.isHeld).toBe(true);
    resolve();
    await vi.advanceTimersByTimeAsync(1);
    expect(parts.engine.isHeld).toBe(false);
  });

  it("does not hold its engine for a stall whose reason is not known", async () => {
    const parts = setUp();
    await happen(parts, (listener) => listener.onStalled());
    expect(parts.engine.isHeld).toBe(false);
  });

  it("sends a PING as keepalive unless something has come within half of the gap, so that one side's do for both", async () => {
    const parts = setUp();
    const { connection, engine } = parts;
    engine.silentMs = 12_500;
    connection.keepAlive();
    expect(engine.pings).toBe(0);
    await happen(parts, (listener) => listener.onConfirmed());
    connection.keepAlive();
    expect(engine.pings).toBe(1);
    engine.silentMs = 12_499;
    connection.keepAlive();
    expect(engine.pings).toBe(1);
    connection.probe();
    expect(engine.pings).toBe(2);
  });

  it("is ready as a dialer once the other side has accepted it too", async () => {
    const parts = setUp();
    const ready = vi.fn();
    void parts.connection.milestones.ready.then(ready);
    await happen(parts, (listener) => listener.onEstablished());
    expect(ready).not.toHaveBeenCalled();
    await happen(parts, (listener) => listener.onConfirmed());
    expect(ready).toHaveBeenCalledOnce();
  });

  it("that wants no relay ends without a direct path, and tells the other side why", async () => {
    const parts = setUp(undefined, "require");
    await happen(parts, (listener) => listener.onConfirmed());
    await expect(parts.connection.milestones.ready).rejects.toMatchObject({
      code: "ERR_QUICPIPE_DIRECT_UNAVAILABLE",
      message: expect.stringMatching(/^there is no direct path to bob \(peer-unsupported\), .*"require"/),
      details: { reason: "peer-unsupported" },
    });
    expect(parts.engine.closed).toEqual([0, "the other peer requires a direct path, and there is none"]);
  });
});
