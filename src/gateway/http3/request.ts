import {
  answerLingerMs,
  headersTimeoutMs,
  maxHeaderBytes,
  requestFramingBytes,
} from "../../defaults/index.ts";
import {
  type Fields,
  http3Code,
  type Http3Fault,
  type MessageHandler,
  RequestReader,
} from "../../http3/index.ts";
import type { RequestBudget } from "../budget/request.ts";
import type { ExchangeOptions } from "../exchange/exchange.ts";
import type { OpenRequests } from "../exchange/open-requests.ts";
import type { Outbox } from "../exchange/outbox.ts";
import {
  headCostBytes,
  type HeadRefusal,
  type HeadSize,
  readHead,
  type RequestHead,
  sizeOf,
} from "../exchange/request-head.ts";
import type { QuicConnection } from "./quic-connection.ts";
import { Http3ServerStream } from "./stream.ts";
import type { UnseenBytes } from "./unseen-bytes.ts";

/** Options of an {@link Http3Request}. */
export interface Http3RequestOptions {
  readonly connection: QuicConnection;
  readonly streamId: number;
  readonly budget: RequestBudget;
  readonly exchanges: OpenRequests;
  readonly outbox: Outbox;
  /** Counts the bytes that belong to the request. */
  readonly unseen: UnseenBytes;
  readonly nowMs: number;
  /** Called with the cost of the header fields. Returns whether that ends the connection. */
  readonly onFields: (costBytes: number) => boolean;
  /** Called once with the client's error, of the request or of its connection. Nothing more is read then. */
  readonly onFault: (fault: Http3Fault) => void;
  /** See `ExchangeOptions`. */
  readonly onPiece: ExchangeOptions["onPiece"];
  /** Called when the stream is over. */
  readonly onOver: () => void;
}

/**
 * A request over HTTP/3 from its stream's first byte to the stream's end. It reads the frames, and counts the bytes that are kept
 * of them.
 */
export class Http3Request implements MessageHandler {
  readonly #options: Http3RequestOptions;
  readonly #stream: Http3ServerStream;
  readonly #reader = new RequestReader({ maxFieldSectionBytes: maxHeaderBytes });
  #fields: Fields | undefined;
  /** Size of the header fields that have come. */
  #size: HeadSize = { bytes: 0, count: 0 };
  /** Content that arrived in one piece with the header fields. */
  readonly #early: Uint8Array[] = [];
  #reads: "fields" | "content" | "nothing" = "fields";
  #countedBytes = 0;
  /** Runs while an answered request goes on. */
  #lingering: NodeJS.Timeout | undefined;

  constructor(options: Http3RequestOptions) {
    this.#options = options;
    this.#stream = new Http3ServerStream(options.connection, options.streamId, (code) => this.#close(code));
  }

  /** Reports whether the header fields take too long to arrive. */
  isLate(nowMs: number): boolean {
    return this.#reads === "fields" && nowMs - this.#options.nowMs >= headersTimeoutMs;
  }

  /** Takes the next bytes of the stream. */
  receive(piece: Uint8Array, hasEnded: boolean): void {
    if (this.#reads !== "nothing") this.#read(piece, hasEnded);
    if (!hasEnded) return;
    this.#stream.emit("end");
    // An ended stream need not be stopped.
    if (this.#lingering) this.forget();
  }

  /** Stops the stream both ways. */
  stop(code: number): void {
    this.#options.connection.stop(this.#options.streamId, code);
    this.drop();
  }

  /** Ends a request whose stream is gone. */
  drop(): void {
    this.forget();
    this.#stream.emit("aborted");
    // An unanswered request has no exchange to close its budget.
    this.#options.budget.close();
  }

  /** Ends the use of the stream. Idempotent. */
  forget(): void {
    clearTimeout(this.#lingering);
    this.#options.onOver();
  }

  fields(fields: Fields, bytes: number): void {
    this.#options.unseen.use(bytes + requestFramingBytes);
    this.#size = sizeOf(fields);
    this.#fields = fields;
  }

  data(piece: Uint8Array): void {
    this.#options.unseen.useBody(piece.length);
    if (this.#reads === "content") this.#stream.emit("data", piece);
    else this.#early.push(piece);
  }

  #read(piece: Uint8Array, hasEnded: boolean): void {
    const fault = this.#reader.push(piece, this) ?? (hasEnded ? this.#reader.end() : undefined);
    if (fault) this.#refuse(fault, hasEnded);
    else if (!this.#count()) this.stop(http3Code.requestRejected);
    else if (this.#fields && this.#reads === "fields") this.#begin(this.#fields, hasEnded);
  }

  #begin(fields: Fields, hasEnded: boolean): void {
    this.#reads = "nothing";
    this.#fields = undefined;
    if (this.#options.onFields(headCostBytes(this.#size))) return;
    this.#reads = "content";
    this.#answer(readHead(fields, this.#size), hasEnded && this.#early.length === 0);
    for (const piece of this.#early.splice(0)) this.#stream.emit("data", piece);
  }

  #refuse(fault: Http3Fault, hasEnded: boolean): void {
    this.#reads = "nothing";
    const { status, why, scope, code } = fault;
    if (status) return this.#answer({ status, why }, hasEnded);
    this.#options.onFault(fault);
    if (scope !== "connection") this.stop(code);
  }

  #answer(head: RequestHead | HeadRefusal, hasEnded: boolean): void {
    const { exchanges, budget, outbox, onPiece } = this.#options;
    const onClose = (isStopped: boolean): void => {
      if (!isStopped) this.forget();
    };
    exchanges.begin(head, { stream: this.#stream, hasEnded, budget, outbox, onPiece, onClose });
  }

  /**
   * Gives a response time to arrive while its request goes on. Stopping the stream loses what the client has not read, and the
   * library cannot stop one direction alone.
   */
  #close(code: number): void {
    if (code !== http3Code.noError) return this.stop(code);
    this.#lingering = setTimeout(() => this.stop(code), answerLingerMs).unref();
  }

  /** Reports whether there is room for the bytes kept. */
  #count(): boolean {
    const { budget } = this.#options;
    const bytes = this.#reader.heldBytes + headCostBytes(this.#size);
    const more = bytes - this.#countedBytes;
    this.#countedBytes = bytes;
    if (more < 0) budget.give("unread", -more);
    return more <= 0 || budget.take("unread", more);
  }
}
