import { EventEmitter } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { lingerMs, maxStrayBytes } from "../../defaults/index.ts";
import { http3Code } from "../../http3/index.ts";
import type { ExchangeStream, ResponseFields } from "../exchange/stream.ts";
import { type FieldMap, withoutConnectionFields } from "../exchange/request-head.ts";

/** The connection of a request over HTTP/1.1. */
export interface Http1Connection {
  /** Whether it ends with the response. */
  readonly isGoing: boolean;
  /** Called when the rest of a request begins to be dropped, and when that ends. */
  linger(isLingering: boolean): void;
}

/** A request over HTTP/1.1. */
export class Http1ServerStream extends EventEmitter implements ExchangeStream {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  /** Header fields of every response. */
  readonly #extra: ResponseFields;
  readonly #connection: Http1Connection;
  #isHeld = false;
  #isLingering = false;
  /** Bytes of the rest of an answered request. */
  #droppedBytes = 0;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    extra: ResponseFields,
    connection: Http1Connection,
  ) {
    super();
    this.#connection = connection;
    this.#request = request;
    this.#response = response;
    this.#extra = extra;
    this.#takePieces();
    request.on("end", () => this.emit("end"));
    request.on("error", (error) => this.emit("error", error));
    response.on("error", (error) => this.emit("error", error));
    response.on("close", () => {
      if (response.writableFinished) this.#linger();
      this.emit("close");
    });
  }

  /** Asks for the body if the client waits for that. HTTP/1.0 has no interim responses (RFC 9110 §10.1.1). */
  expect(): void {
    const { headers, httpVersion } = this.#request;
    if (headers.expect?.toLowerCase() === "100-continue" && httpVersion !== "1.0")
      this.#response.writeContinue();
  }

  respond(fields: ResponseFields): void {
    const { ":status": status, ...rest } = fields;
    this.#response.writeHead(Number(status), {
      ...withoutConnectionFields(rest),
      ...this.#extra,
      ...(this.#connection.isGoing && { connection: "close" }),
    });
    // Otherwise they would wait for the body, which may be an event stream's.
    this.#response.flushHeaders();
  }

  write(piece: Buffer, done: (error?: Error | null) => void): void {
    this.#response.write(piece, done);
  }

  end(done: () => void): void {
    const { socket, complete } = this.#request;
    // The library would destroy the connection of a client that asked for its end, and lose the response, while more of the
    // request arrives. The socket is half-closed first (RFC 9112 §9.6).
    if (!complete) socket.destroySoon = () => void socket.end();
    this.#response.end(done);
  }

  close(code: number): void {
    if (code === http3Code.noError) this.#linger();
    else this.#request.socket.destroy();
  }

  hold(isHeld: boolean): void {
    if (isHeld === this.#isHeld) return;
    this.#isHeld = isHeld;
    if (!isHeld && !this.#request.destroyed) this.#readOn();
  }

  /** Takes pieces before the request buffers them. It would keep an object for each, and a piece may be of one byte. */
  #takePieces(): void {
    const request = this.#request;
    const push = request.push.bind(request);
    request.push = (piece: Buffer | null) => {
      if (piece === null) {
        // Nobody reads them, and the request may wait for the app for long.
        request.rawTrailers = [];
        return push(null);
      }
      this.#take(piece);
      // After `false` Node reads no more of the connection.
      return !this.#isHeld;
    };
    request.resume();
  }

  #take(piece: Buffer): void {
    if (this.#isLingering && (this.#droppedBytes += piece.length) > maxStrayBytes) this.#isHeld = true;
    this.emit("data", piece);
  }

  /** Resumes as the request does when it has room. `read(0)` would wait for a piece already requested. */
  #readOn(): void {
    Reflect.apply(Reflect.get(this.#request, "_read") as (bytes: number) => void, this.#request, [0]);
  }

  /**
   * Drops the rest of an answered request for a while, so that the client can read the response. If the request ends in that
   * time, the connection goes on; otherwise it is closed (RFC 9112 §9.6).
   */
  #linger(): void {
    const { socket, complete } = this.#request;
    if (complete || socket.destroyed || this.#isLingering) return;
    this.#isLingering = true;
    this.#connection.linger(true);
    this.hold(false);
    const timer = setTimeout(() => socket.destroy(), lingerMs).unref();
    this.#request.once("end", () => {
      // The socket is half-closed already, and the client has the same time to read.
      if (socket.writableEnded) return;
      clearTimeout(timer);
      this.#connection.linger(false);
    });
  }
}

/** Converts the fields of an HTTP/1.1 request to those of HTTP/2 and HTTP/3, without connection-specific fields. */
export function laterFields({ method, url = "", headers, rawHeaders }: IncomingMessage): FieldMap {
  const { host: _host, te: _te, ...rest } = headers;
  // A repeated Host stays a list, which is refused later (RFC 9112 §3.2).
  const hosts = rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]!.toLowerCase() === "host");
  const host = hosts.length > 1 ? hosts : hosts[0];
  // The authority of an absolute target takes precedence over Host (RFC 9112 §3.2.2).
  const [, scheme = "https", named, path = url] = /^(https?):\/\/([^/?#]*)(.*)$/i.exec(url) ?? [];
  return {
    ":method": method,
    ":scheme": scheme.toLowerCase(),
    ":path": path.startsWith("?") || path === "" ? `/${path}` : path,
    ":authority": Array.isArray(host) ? host : (named ?? host),
    ...withoutConnectionFields(rest),
  };
}
