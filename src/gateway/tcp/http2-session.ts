import {
  constants,
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Stream,
} from "node:http2";
import type { TLSSocket } from "node:tls";
import * as defaults from "../../defaults/index.ts";
import type { HeadSize } from "../exchange/request-head.ts";
import type { FieldsFor } from "../exchange/stream.ts";
import type { TcpConnection } from "./connection.ts";
import { Http2ServerStream } from "./http2-stream.ts";

/** Serves HTTP/2 on a connection. */
export function serveHttp2Session(socket: TLSSocket, connection: TcpConnection, fieldsFor: FieldsFor): void {
  const session = performServerHandshake(socket, {
    settings: {
      maxConcurrentStreams: streamsFor(connection.sourceConnections),
      maxHeaderListSize: defaults.maxHeaderBytes,
    },
    // With one more, `readHead` answers 431. With more than that, Node resets the stream.
    maxHeaderListPairs: pseudoFields + defaults.maxHeaderFields + 1,
    maxSessionMemory: defaults.maxHttp2SessionMiB,
    streamResetBurst: defaults.requestResetBurst,
    streamResetRate: defaults.requestResetsPerSecond,
  });
  let heard = 0;
  connection.speaks({
    // Sends GOAWAY (RFC 9113 §6.8), and ends by itself.
    goAway: () => session.close(),
    end: () => undefined,
    unheard: () => streamsUpTo(session.state.lastProcStreamID) - heard,
  });
  session.on("error", (error) => connection.failed(error));
  // In its source's turn, so that hundreds at once delay no other source, and that a request which is reset at once
  // (CVE-2023-44487) or goes with its connection costs next to nothing.
  const serve = async (
    stream: ServerHttp2Stream,
    fields: IncomingHttpHeaders,
    hasEnded: boolean,
    size: HeadSize,
  ): Promise<void> => {
    await connection.turn();
    if (stream.closed || stream.destroyed) return;
    const isOpen = connection.open(fields, size, hasEnded, () => {
      const wrapped = new Http2ServerStream(stream, hasEnded, fieldsFor(fields[":authority"]));
      wrapped.expect(fields);
      return wrapped;
    });
    // The request was not processed, so the client may retry it (RFC 9113 §8.7).
    if (!isOpen) stream.close(constants.NGHTTP2_REFUSED_STREAM);
  };
  session.on("stream", (stream, fields, flags, rawFields) => {
    stream.on("error", ignore);
    heard++;
    // Before its turn, which a client that sends ahead would not wait for.
    const size = connection.measure(rawFields);
    if (size) void serve(stream, fields, (flags & endStreamFlag) !== 0, size);
  });
}

/** Returns a connection's part of the streams of its source, so that many connections may ask for little more than a few. */
function streamsFor(sourceConnections: number): number {
  const share = Math.floor(defaults.maxSourceStreams / sourceConnections);
  return Math.max(defaults.minHttp2Streams, Math.min(defaults.maxHttp2Streams, share));
}

/** Returns how many streams of a client there are up to a number: they are the odd ones (RFC 9113 §5.1.1). */
function streamsUpTo(lastId: number | undefined): number {
  return Math.ceil((lastId ?? 0) / 2);
}

/** RFC 9113 §8.3.1 */
const pseudoFields = 4;
/** RFC 9113 §6.2 */
const endStreamFlag = 1;

/** An error without a listener would end the process. */
function ignore(): void {}
