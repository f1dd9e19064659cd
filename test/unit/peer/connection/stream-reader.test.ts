import { describe, expect, it } from "vitest";
import { QuicpipeError } from "../../../../src/errors.ts";
import { StreamReader } from "../../../../src/peer/connection/stream-reader.ts";
import type { EngineConnection, StreamRead } from "../../../../src/peer/engine/contract.ts";

/** A stream of the other side, which has sent what the test says. */
class Source {
  #bytes: readonly number[] = [];
  #isEnding = false;
  /** Buffers that were there for each read. */
  readonly rooms: number[] = [];

  send(bytes: Iterable<number>, isEnding = false): void {
    this.#bytes = [...this.#bytes, ...bytes];
    this.#isEnding ||= isEnding;
  }

  streamReceive(_id: number, room: Uint8Array): StreamRead | undefined {
    if (this.#bytes.length === 0 && !this.#isEnding) return undefined;
    this.rooms.push(room.length);
    const read = this.#bytes.slice(0, room.length);
    room.set(read);
    this.#bytes = this.#bytes.slice(read.length);
    return { bytes: read.length, fin: this.#isEnding && this.#bytes.length === 0 };
  }

  streamAbort(): void {
    throw new Error("nobody aborts");
  }
}

function setUp(): { source: Source; reader: StreamReader } {
  const source = new Source();
  return { source, reader: new StreamReader(source as unknown as EngineConnection, 3, () => undefined) };
}

/** Bytes that are told apart by their place. */
function numbered(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i * 7 + (i >> 8));
}

describe("a stream that is read", () => {
  it("hands on what fills a read and what does not, and keeps none of it", async () => {
    const { source, reader } = setUp();
    const sent = numbered(150_000);
    source.send(sent, true);
    const chunks: Uint8Array[] = [];
    for await (const chunk of reader.readable) chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(sent)).toBe(true);
    expect(chunks.map(({ length }) => length)).toEqual([65_536, 65_536, 18_928]);
    expect(new Set(chunks.map(({ buffer }) => buffer)).size).toBe(3);
  });

  it("fills a reader's own buffer without another", async () => {
    const { source, reader } = setUp();
    const byob = reader.readable.getReader({ mode: "byob" });
    const early = byob.read(new Uint8Array(10));
    source.send(numbered(25));
    reader.progress();
    const first = await early;
    expect([...first.value!]).toEqual([...numbered(10)]);
    const second = await byob.read(new Uint8Array(new ArrayBuffer(40), 4, 30));
    expect([...second.value!]).toEqual([...numbered(25).subarray(10)]);
    expect(second.value!.byteOffset).toBe(4);
  });

  it("reads ahead of a reader that brings no buffer, within its bound", async () => {
    const { source, reader } = setUp();
    source.send(numbered(400_000));
    reader.progress();
    expect(source.rooms).toHaveLength(4);
    const { value } = await reader.readable.getReader().read();
    expect(value).toHaveLength(65_536);
  });

  it("serves a reader without a buffer after one with", async () => {
    const { source, reader } = setUp();
    const byob = reader.readable.getReader({ mode: "byob" });
    source.send(numbered(30));
    await byob.read(new Uint8Array(10));
    byob.releaseLock();
    const { value } = await reader.readable.getReader().read();
    expect([...value!]).toEqual([...numbered(30).subarray(10)]);
  });

  it("reads into a waiting buffer and not past it", async () => {
    const { source, reader } = setUp();
    const byob = reader.readable.getReader({ mode: "byob" });
    const early = byob.read(new Uint8Array(10));
    source.send(numbered(20));
    reader.progress();
    await early;
    expect(source.rooms).toEqual([10]);
  });

  it("ends a waiting buffer, with or without bytes", async () => {
    for (const bytes of [0, 3]) {
      const { source, reader } = setUp();
      const byob = reader.readable.getReader({ mode: "byob" });
      const reading = byob.read(new Uint8Array(10));
      source.send(numbered(bytes), true);
      reader.progress();
      expect((await reading).value).toHaveLength(bytes);
      if (bytes > 0) expect((await byob.read(new Uint8Array(10))).done).toBe(true);
      expect((await reading).done).toBe(bytes === 0);
      expect(reader.done).toBe(true);
    }
  });

  it("fails a buffer of larger elements that its end leaves cut, and throws nothing at others", async () => {
    const { source, reader } = setUp();
    const byob = reader.readable.getReader({ mode: "byob" });
    const reading = byob.read(new Uint16Array(10), { min: 4 } as never);
    source.send(numbered(3), true);
    reader.progress();
    await expect(reading).rejects.toThrow(TypeError);
    expect(reader.done).toBe(true);
  });

  it("fails a waiting buffer with its connection", async () => {
    const { reader } = setUp();
    const reading = reader.readable.getReader({ mode: "byob" }).read(new Uint8Array(10));
    reader.fail(new QuicpipeError("ERR_QUICPIPE_CONNECTION_LOST", "over"));
    await expect(reading).rejects.toMatchObject({ code: "ERR_QUICPIPE_CONNECTION_LOST" });
  });
});
