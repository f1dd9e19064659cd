import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import type { Duplex } from "node:stream";
import * as defaults from "../../defaults/index.ts";
import type { FieldsFor } from "../exchange/stream.ts";
import type { TcpConnection } from "./connection.ts";
import { Http1ServerStream, laterFields } from "./http1-stream.ts";

/**
 * Returns a server that serves HTTP/1.1 on sockets that it is given by the event `connection`. It has a listener for each event
 * that Node would otherwise answer itself, past the limits and their counters.
 */
export function createHttp1(
  connectionOf: (socket: object) => TcpConnection | undefined,
  fieldsFor: FieldsFor,
): Server {
  const server = createServer({
    maxHeaderSize: defaults.maxHeaderBytes,
    // The sweep enforces the connection's time limits.
    requestTimeout: 0,
    headersTimeout: 0,
    keepAliveTimeout: 0,
    // `framingRefusal` does.
    requireHostHeader: false,
  });
  // With more, Node drops fields unsaid. One more is enough to see.
  server.maxHeadersCount = defaults.maxHeaderFields + 1;
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const connection = connectionOf(request.socket);
    // What Node has read behind the end of a connection. Its parser has stopped, unless it is another than the one known.
    if (!connection || connection.isOver) return void request.destroy();
    const refusal = framingRefusal(request);
    if (refusal) return refuse(request.socket, connection, refusal);
    const size = connection.measure([":path", request.url ?? "", ...request.rawHeaders]);
    if (!size) return stopParser(request.socket);
    const { host } = request.headers;
    const { "content-length": length = "0", "transfer-encoding": coding } = request.headers;
    const isOpen = connection.open(laterFields(request), size, length === "0" && coding === undefined, () => {
      const stream = new Http1ServerStream(request, response, fieldsFor(host), connection);
      stream.expect();
      return stream;
    });
    if (connection.isOver) return stopParser(request.socket);
    if (isOpen) return;
    response.on("error", () => undefined);
    response.writeHead(503, { "retry-after": String(defaults.retryAfterSeconds), connection: "close" }).end();
  };
  server.on("request", serve);
  server.on("checkContinue", serve);
  server.on("checkExpectation", serve);
  server.on("connect", (_request, socket) => refuse(socket, connectionOf(socket), 501));
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
    const isTooLong = error.code === "HPE_HEADER_OVERFLOW";
    refuse(socket, connectionOf(socket), isTooLong ? 431 : 400);
  });
  return server;
}

/** Answers a message that cannot be read, which ends the connection: what follows has no known beginning. */
function refuse(socket: Duplex, connection: TcpConnection | undefined, status: number): void {
  stopParser(socket);
  // The client would take the answer for part of the response that it waits for.
  const isSilent = !connection || connection.isBusy;
  connection?.refused(status);
  if (isSilent) return void socket.destroy();
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
  // The rest of the message is dropped for a while, so that the client can read the answer (RFC 9112 §9.6).
  socket.resume();
  setTimeout(() => socket.destroy(), defaults.lingerMs).unref();
}

/**
 * Has a further message destroy the socket, and Node's parser drop it with all that was read behind it. There may be thousands.
 * Node would make objects of each, and at the end an error with a stack, which costs more than the request.
 */
function stopParser(socket: Duplex): void {
  const parser: unknown = Reflect.get(socket, "parser");
  if (typeof parser !== "object" || parser === null) return;
  Reflect.set(parser, "onIncoming", () => {
    socket.destroy();
    return upgraded;
  });
}

/** To Node's parser: the message has no body, and no other follows. */
const upgraded = 2;

/**
 * Returns the status for a message that Node parses but this server does not serve (RFC 6585 §5, RFC 9110 §10.1.1 and §15.6.6,
 * RFC 9112 §3.2 and §6.1).
 */
function framingRefusal({ httpVersion, headers, rawHeaders }: IncomingMessage): number | undefined {
  if (!httpVersion.startsWith("1.")) return 505;
  // Names and values in turn. Node has dropped what came after them.
  if (rawHeaders.length > 2 * defaults.maxHeaderFields) return 431;
  const { host, expect = "100-continue", "transfer-encoding": coding = "chunked" } = headers;
  if (httpVersion !== "1.0" && host === undefined) return 400;
  if (httpVersion !== "1.0" && expect.toLowerCase() !== "100-continue") return 417;
  return coding.toLowerCase() === "chunked" ? undefined : 501;
}
