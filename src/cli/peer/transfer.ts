import { type Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { BidirectionalStream } from "../../peer/index.ts";

/** Bytes that have moved so far. */
export interface Count {
  bytes: number;
}

/** Longest read from a stream, in bytes. */
const bufferBytes = 65_536;

/** Sends what an input has, up to its end. A stream that breaks ends the input, also one that is silent. */
export async function sendFrom(
  input: Readable,
  writable: BidirectionalStream["writable"],
  count: Count,
): Promise<void> {
  const writer = writable.getWriter();
  void writer.closed.catch((error: Error) => input.destroy(error));
  try {
    await pipeline(input, async (chunks: AsyncIterable<Uint8Array>) => {
      for await (const chunk of chunks) {
        await writer.write(chunk);
        count.bytes += chunk.length;
      }
    });
    await writer.close();
  } catch (error) {
    void writer.abort(error).catch(() => undefined);
    throw error;
  }
}

/** Writes what a stream brings to an output, which stays open. All goes through one buffer: nothing is made for V8 to collect. */
export async function receiveInto(
  output: Writable,
  readable: ReadableStream<Uint8Array>,
  count: Count,
): Promise<void> {
  const sink = new Writable({
    // The buffer is free again once the output has taken its bytes.
    highWaterMark: 1,
    write: (chunk: Uint8Array, _encoding, done) => void output.write(chunk, done),
  });
  const fail = (error: Error): void => void sink.destroy(error);
  output.on("error", fail);
  try {
    await pipeline(readInOneBuffer(readable, count), sink);
  } finally {
    output.off("error", fail);
  }
}

async function* readInOneBuffer(
  readable: ReadableStream<Uint8Array>,
  count: Count,
): AsyncGenerator<Uint8Array, void, void> {
  const reader = readable.getReader({ mode: "byob" });
  let hasEnded = false;
  try {
    for (let buffer: Uint8Array<ArrayBuffer> = new Uint8Array(bufferBytes); ;) {
      const { value, done } = await reader.read(buffer);
      if ((hasEnded = done)) return;
      yield value;
      count.bytes += value.length;
      buffer = new Uint8Array(value.buffer);
    }
  } finally {
    if (!hasEnded) void reader.cancel().catch(() => undefined);
  }
}
