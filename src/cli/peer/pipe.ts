import { Readable, Transform, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as delay } from "node:timers/promises";
import { isQuicpipeError, QuicpipeError } from "../../errors.ts";
import type { BidirectionalStream, Connection } from "../../peer/index.ts";
import { showProgress } from "./progress.ts";

/**
 * How long an end waits for the other's word that everything has arrived, in ms, before it closes anyway: longer
 * than a keepalive, which is what mends an address that moved in the last moment.
 */
const farewellMs = 20_000;
/** How long it waits without a word, in ms. */
const farewellSilenceMs = 1000;

/**
 * Joins stdin and stdout to a stream between peers, as a netcat does, until both directions have ended, and
 * closes the connection. Shows a progress line on stderr where that is a terminal.
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
    await farewell(connection);
  } catch (error) {
    throw explained(error);
  } finally {
    progress.close();
  }
}

/** A connection that ends in good order, but before the streams do, has cut off a transfer. */
function explained(error: unknown): unknown {
  if (!isQuicpipeError(error) || error.code !== "ERR_QUICPIPE_CONNECTION_CLOSED") return error;
  const message = `the other side was ended before the stream was: ${error.message}`;
  return new QuicpipeError(error.code, message, { cause: error, details: error.details });
}

/**
 * Closing a QUIC connection drops what is still on its way. So each end opens one last, empty stream when it has
 * received everything, and closes when it has seen the other's. Who closed had seen it: so if the connection ends
 * meanwhile, that is no failure, as everything is here.
 */
async function farewell(connection: Connection): Promise<void> {
  const exchange = async (): Promise<void> => {
    await (await connection.createUnidirectionalStream()).close();
    await connection.incomingUnidirectionalStreams.getReader().read();
  };
  const notice = setTimeout(sayWaiting, farewellSilenceMs);
  await Promise.race([Promise.allSettled([exchange()]), delay(farewellMs, undefined, { ref: false })]);
  clearTimeout(notice);
  connection.close();
}

/** The other end may be a program that knows nothing of a last stream. */
function sayWaiting(): void {
  process.stderr.write(
    `quicpipe: both directions have ended; waiting up to ${farewellMs / 1000} s for the other end's word that all has come\n`,
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
