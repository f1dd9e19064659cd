import { Readable, Transform, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { showProgress } from "./progress.ts";

/** Both directions of a stream between peers. */
export interface Duplex {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

/**
 * Joins stdin and stdout to a stream between peers, as a netcat does, until both directions have ended;
 * shows a progress line on stderr where that is a terminal.
 */
export async function pipeStandardStreams(stream: Duplex): Promise<void> {
  const sent = counter();
  const received = counter();
  const progress = showProgress(process.stderr, () => ({
    sentBytes: sent.bytes(),
    receivedBytes: received.bytes(),
  }));
  try {
    await Promise.all([
      pipeline(process.stdin, sent.stream, Writable.fromWeb(stream.writable)),
      pipeline(Readable.fromWeb(stream.readable), received.stream, process.stdout, { end: false }),
    ]);
  } finally {
    progress.close();
  }
}

function counter(): { stream: Transform; bytes(): number } {
  let bytes = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  return { stream, bytes: () => bytes };
}
