import { EventEmitter } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { lingerMs, maxStrayBytes } from "../../defaults/index.ts";
import { http3Code } from "../../http3/index.ts";
import type { ExchangeStream, ResponseFields } from "../exchange/stream.ts";
import { type FieldMap, withoutConnectionFields } from "../exchange/request-head.ts";

/** A request over HTTP/1.1. */
export class Http1ServerStream extends EventEmitter implements ExchangeStream {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  /** Header fields that every response has. */
  readonly #extra: ResponseFields;
  readonly #onLinger: (isLingering: boolean) => void;
  #isLingering = false;

  /** @param onLinger told when the rest of the request is dropped, and when no longer. */
  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    extra: ResponseFields,
    onLinger: (isLingering: boolean) => void,
  ) {
    super();
    this.#onLinger = onLinger;
    this.#request = request;
    this.#response = response;
    this.#extra = extra;
    request.on("data", (piece: Buffer) => this.emit("data", Buffer.from(piece)));
    request.on("end", () => this.emit("end"));
    request.on("error", (error) => this.emit("error", error));
    response.on("error", (error) => this.emit("error", error));
    response.on("close", () => {
      if (response.writableFinished) this.#linger();
      this.emit("close");
    });
  }

  respond(fields: ResponseFields): void {
    const { ":status": status, ...rest } = fields;
    this.#response.writeHead(Number(status), { ...withoutConnectionFields(rest), ...this.#extra });
    // Else it would wait for the body, which may be an event stream's.
    this.#response.flushHeaders();
  }

  write(piece: Buffer, done: (error?: Error | null) => void): void {
    this.#response.write(piece, done);
  }

  end(done: () => void): void {
    const { socket, complete } = this.#request;
    // The library would destroy the connection of a client that asked for its end, and with it the answer, as long as more
    // of the request comes: half of it is closed first (RFC 9112 §9.6).
    if (!complete) socket.destroySoon = () => void socket.end();
    this.#response.end(done);
  }

  close(code: number): void {
    if (code === http3Code.noError) this.#linger();
    else this.#request.socket.destroy();
  }

  hold(isHeld: boolean): void {
    if (isHeld) this.#request.pause();
    else this.#request.resume();
  }

  /**
   * The rest of a request that has been answered is dropped for a while, so that the client gets to read its answer: if it
   * ends in that time the connection goes on, else it is closed (RFC 9112 §9.6).
   */
  #linger(): void {
    const { socket, complete } = this.#request;
    if (complete || socket.destroyed || this.#isLingering) return;
    this.#isLingering = true;
    this.#onLinger(true);
    let droppedBytes = 0;
    this.#request.on("data", ({ length }: Buffer) => {
      if ((droppedBytes += length) > maxStrayBytes) this.#request.pause();
    });
    this.#request.resume();
    const timer = setTimeout(() => socket.destroy(), lingerMs).unref();
    this.#request.once("end", () => {
      // Half of it is closed already, and the client has the same time to read.
      if (socket.writableEnded) return;
      clearTimeout(timer);
      this.#onLinger(false);
    });
  }
}

/** Fields of a request over HTTP/1.1 as those of the later versions; what is the connection's own is left out. */
export function laterFields({ method, url = "", headers, headersDistinct }: IncomingMessage): FieldMap {
  const { host: _host, te: _te, ...rest } = headers;
  // All of them: one that comes twice is none (RFC 9112 §3.2).
  const host = headersDistinct["host"]?.length === 1 ? headers.host : headersDistinct["host"];
  // A target that is named whole counts instead of Host (RFC 9112 §3.2.2).
  const [, scheme = "https", named, path = url] = /^(https?):\/\/([^/?#]*)(.*)$/i.exec(url) ?? [];
  return {
    ":method": method,
    ":scheme": scheme.toLowerCase(),
    ":path": path.startsWith("?") || path === "" ? `/${path}` : path,
    ":authority": Array.isArray(host) ? host : (named ?? host),
    ...withoutConnectionFields(rest),
  };
}
