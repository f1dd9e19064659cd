import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { isQuicpipeError, QuicpipeError } from "../../errors.ts";
import type { BidirectionalStream, CloseInfo, Connection } from "../../peer/index.ts";
import { showProgress } from "./progress.ts";
import { type Count, receiveInto, sendFrom } from "./transfer.ts";

/**
 * Application protocols of `accept` and `dial`, in the order of preference. The first says that both ends send final streams; other
 * programs have the second, which is the SDK's default.
 */
export const pipeProtocols: readonly [own: string, others: string] = ["quicpipe-pipe", "quicpipe"];

/**
 * Longest wait for the other end's word that everything has arrived, in ms. Longer than a keepalive, which repairs an address that
 * changed at the last moment.
 */
const farewellMs = 20_000;
/** Wait before a notice on stderr, in ms. */
const noticeAfterMs = 1000;

/**
 * Joins an input and stdout to a stream between peers, like netcat, until both directions have ended. Then closes the
 * connection. Shows a progress line if stderr is a terminal and stdin is none.
 */
export async function pipeStreams(
  connection: Connection,
  stream: BidirectionalStream,
  role: "dialer" | "accepter",
  input: Readable,
): Promise<void> {
  const sent: Count = { bytes: 0 };
  const received: Count = { bytes: 0 };
  const progress = showProgress(process.stdin, process.stderr, () => ({
    sentBytes: sent.bytes,
    receivedBytes: received.bytes,
  }));
  let isAnswered = false;
  const sending = sendFrom(input, stream.writable, sent);
  const receiving = receiveInto(process.stdout, stream.readable, received);
  try {
    await Promise.all([
      sending.then(() => void (isAnswered = false)),
      receiving.then(() => void (isAnswered = role === "dialer")),
    ]);
    if (connection.protocol === pipeProtocols[0]) await wait(exchangeFinalStreams(connection));
    // To another program an end that follows the dialer's own is the answer to it. All other ends are the other side's to make.
    else if (!isAnswered) await wait(connection.closed);
    connection.close();
  } catch (error) {
    throw explained(error);
  } finally {
    progress.close();
  }
}

/** Explains a connection that closed in good order but before its streams ended, which cut a transfer off. */
function explained(error: unknown): unknown {
  if (!isQuicpipeError(error, "ERR_QUICPIPE_CONNECTION_CLOSED")) return error;
  return endedEarly(error.details as CloseInfo, error);
}

/** Returns the error for a connection that the other side closed before its stream ended, or before there was one. */
export function endedEarly({ closeCode, reason }: CloseInfo, cause?: unknown): QuicpipeError {
  // Code 0 is an end without a fault, which says no more than its reason.
  const code = closeCode === 0 ? "" : `, with code ${closeCode}`;
  const message = `the other side was ended before the stream was${code}${reason ? `: ${reason}` : ""}`;
  return new QuicpipeError("ERR_QUICPIPE_CONNECTION_CLOSED", message, {
    cause,
    details: { closeCode, reason },
  });
}

/**
 * Closing a QUIC connection drops data in flight. So each end opens one last, empty stream when it has received
 * everything, and closes when it has seen the other's. If the connection ends meanwhile, the other end has seen that
 * stream and all data has arrived here, so that is no failure.
 */
async function exchangeFinalStreams(connection: Connection): Promise<void> {
  await (await connection.createUnidirectionalStream()).close();
  await connection.incomingUnidirectionalStreams.getReader().read();
}

/** Waits for the other end's farewell, or for the end of the connection, but not forever. */
async function wait(farewell: Promise<unknown>): Promise<void> {
  const notice = setTimeout(sayWaiting, noticeAfterMs);
  await Promise.race([Promise.allSettled([farewell]), delay(farewellMs, undefined, { ref: false })]);
  clearTimeout(notice);
}

/** The other end may be a program that does not close. */
function sayWaiting(): void {
  process.stderr.write(
    `quicpipe: both directions have ended; waiting up to ${farewellMs / 1000} s for the other end's word that all has come\n`,
  );
}
