import type { Socket } from "node:net";
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { BidirectionalStream } from "../../peer/index.ts";

/**
 * First byte of a stream that carries a TCP connection. The other peer learns of a stream by its first bytes, and in many protocols the
 * server speaks first.
 */
const opening = 0;

/** Opens a stream for a TCP connection: tells the other peer of it. */
export async function sendOpening({ writable }: BidirectionalStream): Promise<void> {
  const writer = writable.getWriter();
  await writer.write(Uint8Array.of(opening));
  writer.releaseLock();
}

/** Reads the opening of a stream. Returns what follows it; `undefined` if the stream begins otherwise. */
export async function readOpening({ readable }: BidirectionalStream): Promise<Readable | undefined> {
  const reader = readable.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  if (value?.[0] !== opening) return undefined;
  return Readable.from(following(value.subarray(1), readable), { objectMode: false });
}

async function* following(
  first: Uint8Array,
  rest: ReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  if (first.length > 0) yield first;
  yield* rest;
}

/**
 * Joins a TCP connection and a stream until both directions have ended, each for itself. If one breaks, so does the other: what was cut off
 * must not look like an end. Never rejects.
 *
 * @param incoming what comes by the stream.
 */
export async function joinTcp(
  socket: Socket,
  incoming: Readable,
  writable: BidirectionalStream["writable"],
): Promise<void> {
  const directions = [
    pipeline(incoming, sinkOf(socket)),
    pipeline(socket.iterator({ destroyOnReturn: false }), Writable.fromWeb(writable)),
  ];
  await Promise.allSettled(directions.map((each) => each.catch(() => socket.resetAndDestroy())));
}

/** Writes to a socket. Where a pipeline breaks, it would end the socket itself in good order. */
function sinkOf(socket: Socket): Writable {
  const sink = new Writable({
    write: (chunk: Uint8Array, _encoding, done) => void socket.write(chunk, done),
    final: (done) => void socket.end(done),
  });
  socket.once("close", () => sink.destroy());
  return sink;
}

/** Gives a stream up, in both directions. */
export async function abandon({ readable, writable }: BidirectionalStream): Promise<void> {
  await Promise.allSettled([readable.cancel(), writable.abort()]);
}
