import { createServer, type IncomingMessage, type Server, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import * as defaults from "../../defaults/index.ts";
import type { FieldsFor } from "../exchange/stream.ts";
import type { TcpConnection } from "./connection.ts";
import { Http1ServerStream, laterFields } from "./http1-stream.ts";

/** Returns a server that serves HTTP/1.1 on sockets that it is given by the event `connection`. */
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
  });
  // With more, Node drops fields unsaid. One more is enough to see.
  server.maxHeadersCount = defaults.maxHeaderFields + 1;
  server.on("request", (request, response) => {
    const connection = connectionOf(request.socket);
    const refusal = framingRefusal(request);
    if (refusal) return refuse(request.socket, connection, refusal);
    const { host } = request.headers;
    const { "content-length": length = "0", "transfer-encoding": coding } = request.headers;
    const isOpen = connection?.open(
      laterFields(request),
      [":path", request.url ?? "", ...request.rawHeaders],
      length === "0" && coding === undefined,
      () => new Http1ServerStream(request, response, fieldsFor(host), connection),
    );
    // Node would end each of hundreds of pipelined requests with an error, whose stack costs more than the request.
    if (connection?.isOver) return void request.destroy();
    if (isOpen) return;
    response.on("error", () => undefined);
    response.writeHead(503, { "retry-after": String(defaults.retryAfterSeconds), connection: "close" }).end();
  });
  server.on("connect", (_request, socket) => refuse(socket, connectionOf(socket), 501));
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
    const isTooLong = error.code === "HPE_HEADER_OVERFLOW";
    refuse(socket, connectionOf(socket), isTooLong ? 431 : 400);
  });
  return server;
}

function refuse(socket: Duplex, connection: TcpConnection | undefined, status: number): void {
  connection?.refused(status);
  // The client would take it for part of the response that it waits for.
  if (connection?.isBusy) return void socket.destroy();
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}

/**
 * Returns the status for a message that Node parses but this server does not serve (RFC 6585 §5, RFC 9110 §15.6.6,
 * RFC 9112 §6.1).
 */
function framingRefusal({ httpVersionMajor, headers, rawHeaders }: IncomingMessage): number | undefined {
  if (httpVersionMajor !== 1) return 505;
  // Names and values in turn. Node has dropped what came after them.
  if (rawHeaders.length > 2 * defaults.maxHeaderFields) return 431;
  const coding = headers["transfer-encoding"]?.toLowerCase();
  return coding === undefined || coding === "chunked" ? undefined : 501;
}
