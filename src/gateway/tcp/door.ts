import {
  createServer as createHttp1,
  type IncomingMessage,
  type Server as Http1Server,
  STATUS_CODES,
} from "node:http";
import {
  constants,
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { createServer, type Server, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createServer as createTls, type Server as TlsServer, type TLSSocket } from "node:tls";
import * as defaults from "../../defaults/index.ts";
import type { Arrivals } from "../budget/arrivals.ts";
import { isLoopback, plainIp } from "../../wire/ip.ts";
import type { KeyPair } from "../../files/pem.ts";
import type { Budget } from "../budget/budget.ts";
import type { ResponseFields } from "../exchange/stream.ts";
import type { Faults, SourceFaults } from "../exchange/faults.ts";
import { Http1ServerStream, laterFields } from "./http1-stream.ts";
import { Http2ServerStream } from "./http2-stream.ts";
import { TcpConnection } from "./connection.ts";

/** Options of a {@link TcpDoor}. */
export interface TcpDoorOptions extends KeyPair {
  readonly fetch: (request: Request) => Response | Promise<Response>;
  /** Returns the header fields of every response to a client that asked for `authority`. */
  readonly fieldsFor: (authority: string | undefined) => ResponseFields;
  readonly maxConnections: number;
  readonly idleTimeoutMs: number;
  readonly arrivals: Arrivals;
  readonly budget: Budget;
  readonly faults: Faults;
}

/**
 * Admits TCP clients: a share of the connections for each source, and a time limit for the handshake and the first request.
 * Then serves HTTP/2 or HTTP/1.1, as ALPN chooses (RFC 7301).
 */
export class TcpDoor {
  readonly server: Server;
  readonly #options: TcpDoorOptions;
  readonly #tls: TlsServer;
  readonly #http1: Http1Server;
  /** By the addresses and ports of both ends, which a TLS socket has as well. */
  readonly #connections = new Map<string, { readonly socket: Socket; readonly connection: TcpConnection }>();
  #timers: readonly NodeJS.Timeout[] = [];

  /** @throws the system's error if the key and certificate do not load. */
  constructor(options: TcpDoorOptions) {
    this.#options = options;
    const { key, cert, idleTimeoutMs } = options;
    const handshakeTimeout = Math.min(idleTimeoutMs, defaults.tlsHandshakeTimeoutMs);
    this.#tls = createTls({ key, cert, ALPNProtocols: ["h2", "http/1.1"], handshakeTimeout });
    this.#tls.on("secureConnection", (socket) => this.#secured(socket));
    // The client speaks no TLS, or other versions of it. That is not worth a log line.
    this.#tls.on("tlsClientError", (_error, socket) => socket.destroy());
    this.#http1 = this.#createHttp1();
    this.server = createServer({ noDelay: true }, (socket) => this.#connected(socket));
    this.server.once("listening", () => this.#keepTime());
  }

  /** Gives new connections another certificate. */
  reload({ key, cert }: KeyPair): void {
    this.#tls.setSecureContext({ key, cert });
  }

  /** Has every connection end once its open requests are answered. */
  goAway(): void {
    for (const { connection } of this.#connections.values()) connection.goAway();
  }

  /** Ends every connection. */
  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    for (const { socket } of this.#connections.values()) socket.destroy();
  }

  #keepTime(): void {
    this.#timers = [
      setInterval(() => this.#look(), defaults.strayLookMs).unref(),
      setInterval(() => this.#sweep(), defaults.tcpSweepMs).unref(),
    ];
  }

  #connected(socket: Socket): void {
    const { maxConnections, idleTimeoutMs, arrivals, budget, fetch } = this.#options;
    socket.on("error", () => undefined);
    // The client has gone already.
    if (socket.remoteAddress === undefined) return void socket.destroy();
    const address = plainIp(socket.remoteAddress);
    const faults = this.#options.faults.of(address);
    // Checked before TLS, because a handshake is the most expensive thing that an unknown client gets for free.
    if (!arrivals.take(address, performance.now())) {
      budget.refuse("arrivals");
      return turnAway(socket, faults, "a source connects too often");
    }
    const share = budget.connect(address, maxConnections - this.#connections.size);
    if (!share) return turnAway(socket, faults, "a source has too many connections");
    const connection = new TcpConnection({
      socket,
      budget: share,
      faults,
      ip: isLoopback(address) ? undefined : address,
      fetch,
      idle: { limitMs: idleTimeoutMs, firstMs: Math.min(idleTimeoutMs, defaults.headersTimeoutMs) },
      now: () => performance.now(),
    });
    const name = nameOf(socket);
    this.#connections.set(name, { socket, connection });
    socket.once("close", () => {
      // A newer connection may have the same addresses and ports by now.
      if (this.#connections.get(name)?.socket === socket) this.#connections.delete(name);
      connection.close();
    });
    this.#tls.emit("connection", socket);
  }

  #connectionOf(socket: object): TcpConnection | undefined {
    return socket instanceof Socket ? this.#connections.get(nameOf(socket))?.connection : undefined;
  }

  #secured(socket: TLSSocket): void {
    const connection = this.#connectionOf(socket);
    socket.on("error", () => undefined);
    if (!connection) return void socket.destroy();
    if (socket.alpnProtocol === "h2") this.#serveHttp2(socket, connection);
    else {
      // Each response says so (`connection: close`).
      const shutdown = { goAway: () => undefined, end: () => socket.destroySoon() };
      connection.speaks(shutdown, defaults.maxPipelinedRequests);
      this.#http1.emit("connection", socket);
    }
  }

  #serveHttp2(socket: TLSSocket, connection: TcpConnection): void {
    const maxStreams = streamsFor(connection.sourceConnections);
    const session: ServerHttp2Session = performServerHandshake(socket, {
      settings: {
        maxConcurrentStreams: maxStreams,
        maxHeaderListSize: defaults.maxHeaderBytes,
      },
      maxSessionMemory: defaults.maxHttp2SessionMiB,
      streamResetBurst: defaults.http2ResetBurst,
      streamResetRate: defaults.http2ResetsPerSecond,
    });
    // Sends GOAWAY (RFC 9113 §6.8), and ends by itself.
    connection.speaks({ goAway: () => session.close(), end: () => undefined });
    session.on("error", (error) => connection.failed(error));
    session.on("stream", (stream, fields, flags) => {
      stream.on("error", ignore);
      // Deferred by a turn, so that a request that is reset at once (CVE-2023-44487) costs next to nothing.
      setImmediate(() => {
        if (!stream.closed && !stream.destroyed)
          this.#openHttp2(stream, fields, (flags & endStreamFlag) !== 0, connection);
      });
    });
  }

  #openHttp2(
    stream: ServerHttp2Stream,
    fields: IncomingHttpHeaders,
    hasEnded: boolean,
    connection: TcpConnection,
  ): void {
    const isOpen = connection.open(fields, hasEnded, () => {
      const extra = this.#options.fieldsFor(fields[":authority"]);
      const wrapped = new Http2ServerStream(stream, hasEnded, extra);
      wrapped.expect(fields);
      return wrapped;
    });
    // The request was not processed, so the client may retry it (RFC 9113 §8.7).
    if (!isOpen) stream.close(constants.NGHTTP2_REFUSED_STREAM);
  }

  #createHttp1(): Http1Server {
    const server = createHttp1({
      maxHeaderSize: defaults.maxHeaderBytes,
      // The sweep enforces the connection's time limits.
      requestTimeout: 0,
      headersTimeout: 0,
      keepAliveTimeout: 0,
    });
    server.on("request", (request, response) => {
      const refusal = framingRefusal(request);
      if (refusal) return this.#refuse(request.socket, refusal);
      const connection = this.#connectionOf(request.socket);
      const { host } = request.headers;
      const { "content-length": length = "0", "transfer-encoding": coding } = request.headers;
      const isOpen = connection?.open(
        laterFields(request),
        length === "0" && coding === undefined,
        () => new Http1ServerStream(request, response, this.#options.fieldsFor(host), connection),
      );
      // Node would end each of hundreds of pipelined requests with an error, whose stack costs more than the request.
      if (connection?.isOver) return void request.destroy();
      if (isOpen) return;
      response.on("error", () => undefined);
      response
        .writeHead(503, { "retry-after": String(defaults.retryAfterSeconds), connection: "close" })
        .end();
    });
    server.on("connect", (_request, socket) => this.#refuse(socket, 501));
    server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
      if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
      const isTooLong = error.code === "HPE_HEADER_OVERFLOW";
      this.#refuse(socket, isTooLong ? 431 : 400);
    });
    return server;
  }

  #refuse(socket: Duplex, status: number): void {
    const connection = this.#connectionOf(socket);
    connection?.refused(status);
    // The client would take it for part of the response that it waits for.
    if (connection?.isBusy) return void socket.destroy();
    socket.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`,
    );
  }

  #look(): void {
    const nowMs = performance.now();
    for (const { connection } of this.#connections.values()) connection.look(nowMs);
  }

  #sweep(): void {
    const nowMs = performance.now();
    for (const { connection } of this.#connections.values()) connection.sweep(nowMs);
  }
}

function turnAway(socket: Socket, faults: SourceFaults, why: string): void {
  faults.write("info", "over-budget", why);
  socket.destroy();
}

/** Returns a connection's part of the streams of its source, so that many connections may ask for little more than a few. */
function streamsFor(sourceConnections: number): number {
  const share = Math.floor(defaults.maxSourceStreams / sourceConnections);
  return Math.max(defaults.minHttp2Streams, Math.min(defaults.maxHttp2Streams, share));
}

/** Returns the status for a message that Node parses but this server does not serve (RFC 9110 §15.6.6, RFC 9112 §6.1). */
function framingRefusal({ httpVersionMajor, headers }: IncomingMessage): number | undefined {
  if (httpVersionMajor !== 1) return 505;
  const coding = headers["transfer-encoding"]?.toLowerCase();
  return coding === undefined || coding === "chunked" ? undefined : 501;
}

/** RFC 9113 §6.2 */
const endStreamFlag = 1;

/** An error without a listener would end the process. */
function ignore(): void {}

/** Both ends, because a client may connect from one port to several addresses of the server. */
function nameOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
