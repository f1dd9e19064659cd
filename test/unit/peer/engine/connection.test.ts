import { describe, expect, it } from "vitest";
import { QuicheConnection } from "../../../../src/peer/engine/connection.ts";

const address = { address: "127.0.0.1", port: 1 };
const start = { sourceId: new Uint8Array(12), local: address, remote: address };
const idleTimeoutMs = 30_000;
const nothing = new Uint8Array();

/** A connection on an engine that does as the test says. */
function setUp(): { connection: QuicheConnection; engine: FakeQuiche } {
  const engine = new FakeQuiche();
  const quiche = engine as unknown as ConstructorParameters<typeof QuicheConnection>[0];
  return { connection: new QuicheConnection(quiche, start, idleTimeoutMs), engine };
}

class FakeQuiche {
  /** Streams that have ended both ways. */
  readonly forgotten = new Set<number>();
  readonly opened = new Set<number>();
  readonly ends: number[] = [];
  /** ms until the next timer: short ones are loss detection. */
  timerMs = idleTimeoutMs;

  streamSend(id: number, data: Uint8Array, fin: boolean): number | null {
    if (this.forgotten.has(id)) return null;
    if (!this.opened.has(id)) throw new Error(`InvalidStreamState(${id})`);
    if (fin) this.ends.push(id);
    return data.length;
  }

  streamRecv(id: number): [number, boolean] | null {
    if (!this.opened.has(id)) throw new Error(`InvalidStreamState(${id})`);
    return [3, true];
  }

  send(): null {
    return null;
  }

  timeout(): number {
    return this.timerMs;
  }

  onTimeout(): void {
    this.timerMs = idleTimeoutMs;
  }

  stats(): object {
    return { peerMaxIdleTimeout: idleTimeoutMs, peerMaxAckDelay: 25 };
  }

  pathStats(): object[] {
    return [];
  }
}

describe("a connection of the engine", () => {
  it("takes a stream that the engine has forgotten for one that has ended", () => {
    const { connection, engine } = setUp();
    engine.forgotten.add(4);
    expect(connection.streamReceive(4, Buffer.alloc(10))).toEqual({ bytes: 0, fin: true });
  });

  it("takes a stream that the other side has yet to open for one that has nothing to say", () => {
    const { connection } = setUp();
    expect(connection.streamReceive(4, Buffer.alloc(10))).toBeUndefined();
    expect(connection.streamSend(4, nothing, true)).toBeUndefined();
    expect(connection.isQuiet()).toBe(true);
  });

  it("is not quiet before an end has gone out", () => {
    const { connection, engine } = setUp();
    engine.opened.add(4);
    engine.timerMs = 30;
    connection.streamSend(4, nothing, true);
    connection.send(Buffer.alloc(1500));
    expect(engine.ends).toEqual([]);
    engine.timerMs = idleTimeoutMs;
    expect(connection.isQuiet()).toBe(false);
    connection.send(Buffer.alloc(1500));
    expect(engine.ends).toEqual([4]);
    expect(connection.isQuiet()).toBe(true);
  });

  it("has a read that was put off made at once when the end has arrived", () => {
    const { connection, engine } = setUp();
    engine.opened.add(4);
    connection.streamSend(4, nothing, true);
    connection.send(Buffer.alloc(1500));
    expect(connection.streamReceive(4, Buffer.alloc(10))).toBeUndefined();
    expect(connection.timeoutMs()).toBe(idleTimeoutMs);
    connection.send(Buffer.alloc(1500));
    expect(connection.timeoutMs()).toBe(0);
    connection.onTimeout();
    expect(connection.timeoutMs()).toBe(idleTimeoutMs);
    expect(connection.streamReceive(4, Buffer.alloc(10))).toEqual({ bytes: 3, fin: true });
  });
});
