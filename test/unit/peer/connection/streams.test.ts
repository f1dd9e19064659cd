import { describe, expect, it } from "vitest";
import { QuicpipeError } from "../../../../src/errors.ts";
import { Streams } from "../../../../src/peer/connection/streams.ts";
import type { EngineConnection, StreamKind, StreamRead } from "../../../../src/peer/engine/contract.ts";

const ended = new QuicpipeError("ERR_QUICPIPE_CONNECTION_LOST", "over");
const nothing = { bytes: 0, fin: false };

/** What the peers of a connection have who have not agreed to talk about paths. */
const noControl = {
  accept: (): void => undefined,
  claims: (): boolean => false,
  read: (): void => undefined,
  write: (): void => undefined,
};

/** The streams of a client whose engine does as the test says. */
function setUp(): { streams: Streams; engine: FakeEngine; wakes: () => number } {
  const engine = new FakeEngine();
  let wakes = 0;
  const streams = new Streams(engine as unknown as EngineConnection, "client", noControl, () => void wakes++);
  return { streams, engine, wakes: () => wakes };
}

class FakeEngine {
  /** IDs that the other side allows this one to open, and that it has opened. */
  readonly allowed: Record<StreamKind, number[]> = { bidirectional: [], unidirectional: [] };
  readonly opened: Record<StreamKind, number[]> = { bidirectional: [], unidirectional: [] };
  readonly toRead: StreamRead[] = [];
  readonly written: string[] = [];
  readonly aborted: string[] = [];
  window = Infinity;

  openStream(kind: StreamKind): number | undefined {
    return this.allowed[kind].shift();
  }

  acceptStream(kind: StreamKind): number | undefined {
    return this.opened[kind].shift();
  }

  streamReceive(): StreamRead | undefined {
    return this.toRead.shift();
  }

  streamSend(id: number, { length }: Uint8Array, fin: boolean): number | undefined {
    if (this.window === 0 && length > 0) return undefined;
    const taken = Math.min(length, this.window);
    this.window -= taken;
    this.written.push(`${id}: ${taken}${fin && taken === length ? " end" : ""}`);
    return taken;
  }

  streamAbort(id: number, direction: string, code: number): void {
    this.aborted.push(`${id} ${direction} ${code}`);
  }
}

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  return (
    (await Promise.race([promise, new Promise((resolve) => setImmediate(resolve, "pending"))])) === "pending"
  );
}

describe("streams of a connection", () => {
  it("wait for the handshake, then for what the other side allows, in order", async () => {
    const { streams, engine } = setUp();
    engine.allowed.bidirectional.push(0);
    const [first, second] = [streams.openBidirectional(), streams.openBidirectional()];
    expect(await isPending(first)).toBe(true);
    streams.open();
    await first;
    expect(await isPending(second)).toBe(true);
    engine.allowed.bidirectional.push(4);
    streams.allow("bidirectional");
    const { writable } = await second;
    await writable.getWriter().write(Buffer.from("abc"));
    expect(engine.written).toEqual(["4: 3"]);
  });

  it("of the other side are taken as the application takes them, with what came on them", async () => {
    const { streams, engine } = setUp();
    engine.opened.bidirectional.push(1, 5, 9);
    streams.accept("bidirectional");
    engine.toRead.push({ bytes: 2, fin: true });
    const reader = streams.incomingBidirectional.getReader();
    const { value } = await reader.read();
    expect(engine.opened.bidirectional.length).toBeGreaterThan(0);
    streams.read(1);
    streams.read(5);
    expect(value).toHaveProperty("writable");
    await reader.read();
    await reader.read();
    expect(engine.opened.bidirectional).toEqual([]);
    expect(await isPending(reader.read())).toBe(true);
  });

  it("of one direction are only read by the side that did not open them", async () => {
    const { streams, engine } = setUp();
    engine.opened.unidirectional.push(3);
    streams.accept("unidirectional");
    engine.toRead.push({ bytes: 2, fin: true });
    const { value } = await streams.incomingUnidirectional.getReader().read();
    streams.read(3);
    const reader = value!.getReader();
    expect((await reader.read()).value).toHaveLength(2);
    expect((await reader.read()).done).toBe(true);
  });

  it("write on when they take data again", async () => {
    const { streams, engine } = setUp();
    engine.allowed.unidirectional.push(2);
    engine.window = 2;
    streams.open();
    const writer = (await streams.openUnidirectional()).getWriter();
    const written = writer.write(Buffer.from("abc"));
    expect(await isPending(written)).toBe(true);
    engine.window = Infinity;
    streams.write(2);
    await written;
    await writer.close();
    expect(engine.written).toEqual(["2: 2", "2: 1", "2: 0 end"]);
  });

  it("end with the code of the other side's stop", async () => {
    const { streams, engine } = setUp();
    engine.allowed.unidirectional.push(2);
    streams.open();
    const writer = (await streams.openUnidirectional()).getWriter();
    streams.stopped(2, 7);
    await expect(writer.closed).rejects.toMatchObject({
      code: "ERR_QUICPIPE_STREAM_RESET",
      details: { streamErrorCode: 7 },
    });
  });

  it("take no notice of what is told of streams that have ended or never were", () => {
    const { streams } = setUp();
    for (const id of [0, 1, 2, 3]) {
      streams.read(id);
      streams.write(id);
      streams.stopped(id, 0);
    }
  });

  it("tell the engine of an abort and of a cancel", async () => {
    const { streams, engine, wakes } = setUp();
    engine.allowed.bidirectional.push(0);
    engine.toRead.push(nothing);
    streams.open();
    const { readable, writable } = await streams.openBidirectional();
    await writable.abort({ streamErrorCode: 3 });
    await readable.cancel({ streamErrorCode: 4 });
    expect(engine.aborted).toEqual(["0 write 3", "0 read 4"]);
    expect(wakes()).toBeGreaterThan(0);
  });

  it("end with the connection, open ones and those yet to open", async () => {
    const { streams, engine } = setUp();
    engine.allowed.bidirectional.push(0);
    streams.open();
    const { readable } = await streams.openBidirectional();
    const opening = streams.openUnidirectional();
    streams.end(ended, false);
    await expect(opening).rejects.toBe(ended);
    await expect(readable.getReader().read()).rejects.toBe(ended);
    await expect(streams.incomingBidirectional.getReader().read()).rejects.toBe(ended);
    await expect(streams.openBidirectional()).rejects.toBe(ended);
  });

  it("let the lists of incoming streams end without an error where the connection did", async () => {
    const { streams, engine } = setUp();
    streams.end(ended, true);
    engine.opened.unidirectional.push(3);
    streams.accept("unidirectional");
    expect((await streams.incomingUnidirectional.getReader().read()).done).toBe(true);
  });
});
