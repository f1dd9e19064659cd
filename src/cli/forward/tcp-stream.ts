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

/** Reads the opening of a stream. Returns what came with it, which may be nothing; `undefined` if the stream begins otherwise. */
export async function readOpening({ readable }: BidirectionalStream): Promise<Uint8Array | undefined> {
  const reader = readable.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  return value?.[0] === opening ? value.subarray(1) : undefined;
}

/** Returns all that comes by a stream: what came with its opening, and what follows. */
export function incomingOf({ readable }: BidirectionalStream, first: Uint8Array): Readable {
  const incoming = Readable.fromWeb(readable);
  incoming.unshift(first);
  return incoming;
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
