import { Readable, Transform, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as delay } from "node:timers/promises";
import { isQuicpipeError, QuicpipeError } from "../../errors.ts";
import type { BidirectionalStream, Connection } from "../../peer/index.ts";
import { showProgress } from "./progress.ts";

/**
 * Longest wait for the other end's final stream, which says that everything has arrived, in ms. Longer than a keepalive, which repairs an
 * address that changed at the last moment.
 */
const finalStreamMs = 20_000;
/** Wait before a notice on stderr, in ms. */
const noticeAfterMs = 1000;

/**
 * Joins stdin and stdout to a stream between peers, like netcat, until both directions have ended. Then closes the
 * connection. Shows a progress line if stderr is a terminal.
 */
export async function pipeStandardStreams(
  connection: Connection,
  stream: BidirectionalStream,
): Promise<void> {
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
    await exchangeFinalStreams(connection);
  } catch (error) {
    throw explained(error);
  } finally {
    progress.close();
  }
}

/** Explains a connection that closed in good order but before its streams ended, which cut a transfer off. */
function explained(error: unknown): unknown {
  if (!isQuicpipeError(error, "ERR_QUICPIPE_CONNECTION_CLOSED")) return error;
  const message = `the other side was ended before the stream was: ${error.message}`;
  return new QuicpipeError(error.code, message, { cause: error, details: error.details });
}

/**
 * Closing a QUIC connection drops data in flight. So each end opens one last, empty stream when it has received
 * everything, and closes when it has seen the other's. If the connection ends meanwhile, the other end has seen that
 * stream and all data has arrived here, so that is no failure.
 */
async function exchangeFinalStreams(connection: Connection): Promise<void> {
  const exchange = async (): Promise<void> => {
    await (await connection.createUnidirectionalStream()).close();
    await connection.incomingUnidirectionalStreams.getReader().read();
  };
  const notice = setTimeout(sayWaiting, noticeAfterMs);
  await Promise.race([Promise.allSettled([exchange()]), delay(finalStreamMs, undefined, { ref: false })]);
  clearTimeout(notice);
  connection.close();
}

/** The other end may be a program that opens no last stream. */
function sayWaiting(): void {
  process.stderr.write(
    `quicpipe: both directions have ended; waiting up to ${finalStreamMs / 1000} s for the other end's word that all has come\n`,
  );
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
