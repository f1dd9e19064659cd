import { EventEmitter } from "node:events";
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { http3Code } from "../../http3/index.ts";
import type { ExchangeStream, ResponseFields } from "../exchange/stream.ts";
import { withoutConnectionFields } from "../exchange/request-head.ts";

/** Error codes of HTTP/2 (RFC 9113 §7) by those of HTTP/3. */
const http2Codes: Readonly<Record<number, number>> = {
  [http3Code.noError]: constants.NGHTTP2_NO_ERROR,
  [http3Code.internalError]: constants.NGHTTP2_INTERNAL_ERROR,
  [http3Code.excessiveLoad]: constants.NGHTTP2_ENHANCE_YOUR_CALM,
  [http3Code.requestRejected]: constants.NGHTTP2_REFUSED_STREAM,
  [http3Code.requestIncomplete]: constants.NGHTTP2_CANCEL,
  [http3Code.messageError]: constants.NGHTTP2_PROTOCOL_ERROR,
};

/** A stream of an HTTP/2 connection. */
export class Http2ServerStream extends EventEmitter implements ExchangeStream {
  readonly #stream: ServerHttp2Stream;
  /** Header fields of every response. */
  readonly #extra: ResponseFields;
  #hasEnded: boolean;
  #isHeld = false;

  constructor(stream: ServerHttp2Stream, hasEnded: boolean, extra: ResponseFields) {
    super();
    this.#stream = stream;
    this.#hasEnded = hasEnded;
    this.#extra = extra;
    for (const name of ["error", "aborted", "close"] as const)
      stream.on(name, (...values: unknown[]) => this.emit(name, ...values));
    this.#takePieces();
  }

  /** Asks for the body if the client waits for that (RFC 9110 §10.1.1). */
  expect({ expect }: IncomingHttpHeaders): void {
    if (expect?.toLowerCase() === "100-continue") this.#stream.additionalHeaders({ ":status": 100 });
  }

  respond(fields: ResponseFields): void {
    this.#stream.respond({ ...withoutConnectionFields(fields), ...this.#extra });
  }

  write(piece: Buffer, done: (error?: Error | null) => void): void {
    this.#stream.write(piece, done);
  }

  end(done: () => void): void {
    this.#stream.end(done);
  }

  close(code: number): void {
    if (!this.#stream.closed) this.#stream.close(http2Codes[code]);
  }

  hold(isHeld: boolean): void {
    if (isHeld === this.#isHeld) return;
    this.#isHeld = isHeld;
    if (!isHeld && !this.#stream.destroyed) this.#openWindow();
  }

  /**
   * Takes data before the stream buffers it. The stream would keep an object for each frame, and a frame may be of one byte.
   * After `false` for a piece only as much arrives as the window still allows.
   */
  #takePieces(): void {
    const stream = this.#stream;
    const push = stream.push.bind(stream);
    stream.push = (piece: Uint8Array | null) => {
      if (piece === null) {
        this.#ended();
        return push(null);
      }
      this.emit("data", piece);
      return !this.#isHeld;
    };
    // Data that arrived in the turn before.
    stream.on("data", (piece: Uint8Array) => this.emit("data", piece));
    stream.once("end", () => this.#ended());
  }

  /** Resumes as the stream does when it has room. `read(0)` would wait for a piece already requested. */
  #openWindow(): void {
    Reflect.apply(Reflect.get(this.#stream, "_read") as (bytes: number) => void, this.#stream, [0]);
  }

  /** A stream that was reset ends as well. */
  #ended(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.emit(this.#stream.closed ? "aborted" : "end");
  }
}
