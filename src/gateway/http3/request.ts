import { headersTimeoutMs, maxHeaderBytes } from "../../defaults/index.ts";
import { type Fields, type Http3Fault, type RequestHandler, RequestReader } from "../../http3/index.ts";
import type { RequestBudget } from "../budget/request.ts";
import { Http3ServerStream } from "./stream.ts";
import type { QuicConnection } from "./quic-connection.ts";
import { headBytes } from "../exchange/request-head.ts";

/** Options of an {@link Http3Request}. */
export interface Http3RequestOptions {
  readonly connection: QuicConnection;
  readonly streamId: number;
  readonly budget: RequestBudget;
  readonly nowMs: number;
  /** Called once with the header fields, and whether nothing follows them. */
  readonly onFields: (fields: Fields, hasEnded: boolean) => void;
  /** Called with the bytes of the header fields on the wire. */
  readonly onSection: (bytes: number) => void;
  /** Called with the bytes of each piece of content. */
  readonly onContent: (bytes: number) => void;
  /** Called once with the client's error. Nothing more is read then. */
  readonly onFault: (fault: Http3Fault, hasEnded: boolean) => void;
  /** Called if there is no room for the header fields. */
  readonly onOverBudget: () => void;
  /** Called when the stream is to be stopped. */
  readonly onClose: (code: number) => void;
}

/** A request over HTTP/3 from its stream's first byte on. It reads the frames, and counts the bytes that are kept of them. */
export class Http3Request implements RequestHandler {
  readonly stream: Http3ServerStream;
  readonly budget: RequestBudget;
  readonly #options: Http3RequestOptions;
  readonly #reader = new RequestReader({ maxFieldSectionBytes: maxHeaderBytes });
  #fields: Fields | undefined;
  #fieldBytes = 0;
  /** Content that arrived in one piece with the header fields. */
  readonly #early: Uint8Array[] = [];
  #reads: "fields" | "content" | "nothing" = "fields";
  #countedBytes = 0;

  constructor(options: Http3RequestOptions) {
    this.#options = options;
    this.budget = options.budget;
    this.stream = new Http3ServerStream(options.connection, options.streamId, options.onClose);
  }

  /** Reports whether the header fields take too long to arrive. */
  isLate(nowMs: number): boolean {
    return this.#reads === "fields" && nowMs - this.#options.nowMs >= headersTimeoutMs;
  }

  /** Takes the next bytes of the stream. */
  receive(piece: Uint8Array, hasEnded: boolean): void {
    if (this.#reads !== "nothing") this.#read(piece, hasEnded);
    if (hasEnded) this.stream.emit("end");
  }

  fields(fields: Fields, bytes: number): void {
    this.#options.onSection(bytes);
    this.#fieldBytes = headBytes(fields);
    this.#fields = fields;
  }

  data(piece: Uint8Array): void {
    this.#options.onContent(piece.length);
    if (this.#reads === "content") this.stream.emit("data", piece);
    else this.#early.push(piece);
  }

  #read(piece: Uint8Array, hasEnded: boolean): void {
    const fault = this.#reader.push(piece, this) ?? (hasEnded ? this.#reader.end() : undefined);
    if (fault) {
      this.#reads = "nothing";
      this.#options.onFault(fault, hasEnded);
    } else if (!this.#count()) this.#options.onOverBudget();
    else if (this.#fields && this.#reads === "fields") this.#begin(this.#fields, hasEnded);
  }

  #begin(fields: Fields, hasEnded: boolean): void {
    this.#reads = "content";
    this.#options.onFields(fields, hasEnded && this.#early.length === 0);
    for (const piece of this.#early.splice(0)) this.stream.emit("data", piece);
  }

  /** Reports whether there is room for the bytes kept. */
  #count(): boolean {
    const bytes = this.#reader.heldBytes + this.#fieldBytes;
    const more = bytes - this.#countedBytes;
    this.#countedBytes = bytes;
    if (more < 0) this.budget.give("unread", -more);
    return more <= 0 || this.budget.take("unread", more);
  }
}
