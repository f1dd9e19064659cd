import { headersTimeoutMs, maxHeaderBytes } from "../../defaults/index.ts";
import { type Fields, type Http3Fault, type RequestHandler, RequestReader } from "../../http3/index.ts";
import type { RequestBudget } from "../budget/request.ts";
import { Http3ServerStream } from "./stream.ts";
import type { QuicConnection } from "./quic-connection.ts";
import { headBytes } from "../exchange/request-head.ts";

/** What a {@link Http3Request} is made with. */
export interface Http3RequestOptions {
  readonly connection: QuicConnection;
  readonly streamId: number;
  readonly budget: RequestBudget;
  readonly nowMs: number;
  /** Told of its header fields, once, and whether nothing follows them. */
  readonly onFields: (fields: Fields, hasEnded: boolean) => void;
  /** Told of its header fields, in bytes on the wire. */
  readonly onSection: (bytes: number) => void;
  /** Told of each piece of its content, in bytes. */
  readonly onContent: (bytes: number) => void;
  /** Told what its client did wrong, once: nothing more of it is read. */
  readonly onFault: (fault: Http3Fault, hasEnded: boolean) => void;
  /** Told that there is no room for its header fields. */
  readonly onOverBudget: () => void;
  /** Told that its stream is to be stopped. */
  readonly onClose: (code: number) => void;
}

/** A request over HTTP/3 from its stream's first byte on: reads its frames, and counts what is kept of them. */
export class Http3Request implements RequestHandler {
  readonly stream: Http3ServerStream;
  readonly budget: RequestBudget;
  readonly #options: Http3RequestOptions;
  readonly #reader = new RequestReader({ maxFieldSectionBytes: maxHeaderBytes });
  #fields: Fields | undefined;
  #fieldBytes = 0;
  /** Content that came in one piece with the header fields. */
  readonly #early: Uint8Array[] = [];
  #reads: "fields" | "content" | "nothing" = "fields";
  #countedBytes = 0;

  constructor(options: Http3RequestOptions) {
    this.#options = options;
    this.budget = options.budget;
    this.stream = new Http3ServerStream(options.connection, options.streamId, options.onClose);
  }

  /** Whether its header fields take too long to come. */
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

  /** @returns whether there is room for what is kept. */
  #count(): boolean {
    const bytes = this.#reader.heldBytes + this.#fieldBytes;
    const more = bytes - this.#countedBytes;
    this.#countedBytes = bytes;
    if (more < 0) this.budget.give("unread", -more);
    return more <= 0 || this.budget.take("unread", more);
  }
}
