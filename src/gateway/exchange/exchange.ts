import {
  freeSmallPieces,
  longWaitMs,
  retryAfterSeconds,
  smallPieceBytes,
  stallTimeoutMs,
} from "../../defaults/index.ts";
import { http3Code } from "../../http3/index.ts";
import type { RequestBudget } from "../budget/request.ts";
import type { ExchangeStream } from "./stream.ts";
import type { SourceFaults } from "./faults.ts";
import type { Outbox } from "./outbox.ts";
import { Pace } from "./patience.ts";
import { RequestBody } from "./request-body.ts";
import { alreadyAnswered, clientGone } from "./request-ended.ts";
import type { HeadRefusal, RequestHead } from "./request-head.ts";
import { plainResponse, responseFields } from "./response-head.ts";
import { OverBudget, ResponseWriter } from "./response-writer.ts";

/** An application with the `fetch` of the web platform, such as an `h3` app. */
export interface Http3App {
  fetch(request: Request): Response | Promise<Response>;
}

/** Options of an {@link Exchange}. */
export interface ExchangeOptions {
  readonly stream: ExchangeStream;
  /** Whether the request has no body. */
  readonly hasEnded: boolean;
  /** Closed with the exchange. */
  readonly budget: RequestBudget;
  readonly outbox: Outbox | undefined;
  readonly faults: SourceFaults;
  readonly now: () => number;
  /** Called with the length of each body piece that the app is to read, in bytes. */
  readonly onBody?: (bytes: number) => void;
  /** Called for each piece of a body with its length, but for its first small ones. Returns whether that ends the connection. */
  readonly onPiece: (bytes: number) => boolean;
  /** Called once when the exchange is over, with whether its stream was stopped. */
  readonly onClose: (isStopped: boolean) => void;
}

/** One request and its response on a stream, from the header fields until all of the response has been sent. */
export class Exchange {
  readonly #options: ExchangeOptions;
  /** Created when the app asks for the request's signal. */
  #controller: AbortController | undefined;
  readonly #paces = { client: new Pace(), reader: new Pace() };
  readonly #writer: ResponseWriter;
  /** Unknown if it could not be read. */
  #method: string | undefined;
  #body: RequestBody | undefined;
  /** Start of the current wait for the app, in ms. */
  #waitsSinceMs: number | undefined;
  /** Since when the request waits for its turn to ask the app, in ms. */
  #turnSinceMs: number | undefined;
  /** Whether all of the response was handed over. */
  #isAnswered = false;
  #hasRequestEnded: boolean;
  #hasAnswer = false;
  #smallPieces = 0;
  /** Whether the connection was ended. Thousands of pieces that it has read may still come. */
  #isCutOff = false;
  #isClosed = false;

  constructor(options: ExchangeOptions) {
    const { stream, budget, outbox, now } = options;
    this.#options = options;
    this.#hasRequestEnded = options.hasEnded;
    this.#writer = new ResponseWriter({
      stream,
      budget,
      outbox,
      pace: outbox ? undefined : this.#paces.reader,
      onWait: (isWaiting) => this.#wait(isWaiting),
      onSent: () => this.#closeIfDone(),
      now,
    });
    // The listener stays for the life of the stream, because an unhandled error ends the process.
    stream.on("error", () => this.#gone());
    stream.once("aborted", () => this.#gone());
    stream.once("close", () => this.#gone());
    stream.once("end", () => this.#requestEnded());
    // Without a reader the library would buffer the body without bounds.
    stream.on("data", (chunk: Buffer) => this.#received(chunk));
  }

  /** Answers with a short text, without asking the app. It waits as for the app, because the answer makes as much work. */
  async refuse({ status, why, method }: HeadRefusal): Promise<void> {
    this.#method = method;
    this.#options.faults.write("info", "request-malformed", "a request could not be read", { status, why });
    await this.#turn();
    await this.#respond(plainResponse(status, why, status === 405 ? { allow: "GET, HEAD, POST" } : {}));
  }

  /** Answers with the app's response, or with 500 if the app fails. */
  async serve(head: RequestHead, ip: string | undefined, app: Http3App): Promise<void> {
    const { method, url, headers, contentLength } = head;
    const { faults } = this.#options;
    this.#method = method;
    // Content of GET and HEAD has no meaning (RFC 9110 §9.3.1), and `Request` accepts none.
    const isBodyless = this.#hasRequestEnded || method === "GET" || method === "HEAD";
    if (!isBodyless) this.#body = this.#openBody(contentLength);
    await this.#turn();
    if (this.#isClosed) return;
    const body = this.#body?.stream ?? null;
    const init = { method, headers, body, duplex: "half" as const };
    try {
      const request = this.#withSignal(new Request(url, init));
      this.#wait(true);
      const response = await app.fetch(
        ip === undefined ? request : Object.defineProperty(request, "ip", { value: ip }),
      );
      await this.#respond(response);
    } catch (err) {
      if (this.#isClosed || this.#hasAnswer) return;
      faults.write("error", "app-failed", "the app threw an error", { err });
      await this.#respond(plainResponse(500, "Internal Server Error"));
    }
  }

  /** Ends a slow exchange, and notes a long wait for the app. */
  sweep(nowMs: number): void {
    if (this.#isTooSlow(nowMs)) this.#endSlow();
    else if (this.#waitsSinceMs !== undefined && nowMs - this.#waitsSinceMs >= longWaitMs) this.#waitLong();
  }

  #endSlow(): void {
    this.#options.budget.refuse("slow");
    this.#reset("too-slow", "a client was too slow", http3Code.requestIncomplete);
  }

  /** Stops the stream both ways, and tells the app. Idempotent. */
  close(code: number): void {
    if (this.#isClosed) return;
    this.#gone(true);
    this.#options.stream.close(code);
  }

  /** Resolves when the request may be answered. While answers of its connection or source wait for room, none is asked for. */
  async #turn(): Promise<void> {
    const { budget, outbox, now } = this.#options;
    this.#turnSinceMs = now();
    for (let isReady = false; !isReady; isReady = this.#isClosed || !outbox?.isFull) {
      if (outbox?.isFull) await outbox.room(this);
      await budget.turn();
    }
    this.#turnSinceMs = undefined;
  }

  /**
   * Adds the signal lazily. A request that is constructed with a signal stays in memory until the next full garbage collection,
   * which a flood of requests puts off. A lazy signal costs nothing unless the app asks for it.
   */
  #withSignal(request: Request): Request {
    return Object.defineProperty(request, "signal", { get: () => this.#signal() });
  }

  #signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#isClosed) this.#controller.abort(clientGone);
    return this.#controller.signal;
  }

  #openBody(contentLength: number | undefined): RequestBody {
    const { stream, budget, now } = this.#options;
    const hold = stream.hold?.bind(stream);
    return new RequestBody({ budget, pace: this.#paces.client, contentLength, hold, now });
  }

  async #respond(response: Response): Promise<void> {
    this.#wait(false);
    // A client that has gone, or was told to retry, gets no response. An error from cancelling its body does no harm.
    if (this.#isClosed || this.#hasAnswer) return response.body?.cancel().catch(() => undefined);
    // Throws if the app, which may be untyped, returned something other than a response. A 500 can still be sent then.
    const fields = responseFields(response);
    this.#hasAnswer = true;
    try {
      await this.#writer.write(response, fields, this.#method);
      this.#answered();
    } catch (err) {
      if (this.#isClosed) return;
      if (err instanceof OverBudget)
        this.#reset("over-budget", "a response was over its budget", http3Code.excessiveLoad);
      else this.#reset("app-failed", "a response failed", http3Code.internalError, err);
    }
  }

  #wait(isWaiting: boolean): void {
    if (!isWaiting) this.#options.budget.endWait();
    this.#waitsSinceMs = isWaiting ? this.#options.now() : undefined;
  }

  #waitLong(): void {
    if (this.#options.budget.wait()) return;
    this.#waitsSinceMs = undefined;
    this.#options.faults.write("info", "over-budget", "a source waits for too many answers");
    // A response that has begun can only be cut off.
    if (this.#hasAnswer) return this.close(http3Code.excessiveLoad);
    const fields = { "retry-after": String(retryAfterSeconds) };
    void this.#respond(plainResponse(503, "too many requests of this address wait", fields));
    this.#controller?.abort(alreadyAnswered);
  }

  #isTooSlow(nowMs: number): boolean {
    const { outbox } = this.#options;
    const { client, reader } = this.#paces;
    if (client.leftMs(nowMs) <= 0) return true;
    if (this.#turnSinceMs !== undefined) return nowMs - this.#turnSinceMs >= stallTimeoutMs;
    return outbox ? !this.#writer.isSent && outbox.isTooSlow(nowMs) : reader.leftMs(nowMs) <= 0;
  }

  #received(chunk: Buffer): void {
    if (this.#isCutOff) return;
    if (this.#body?.isOpen) this.#options.onBody?.(chunk.length);
    const refusal = this.#body?.push(chunk);
    if (refusal === "over-budget")
      this.#reset("over-budget", "a request's body was over its budget", http3Code.excessiveLoad);
    else if (refusal) this.#malformed();
    const isFree = chunk.length < smallPieceBytes && ++this.#smallPieces <= freeSmallPieces;
    if (!isFree) this.#isCutOff = this.#options.onPiece(chunk.length);
  }

  #requestEnded(): void {
    this.#hasRequestEnded = true;
    if (this.#body?.end()) this.#malformed();
    else this.#closeIfDone();
  }

  #malformed(): void {
    this.#reset("request-malformed", "a body had another length than announced", http3Code.messageError);
  }

  #answered(): void {
    this.#isAnswered = true;
    // The rest of the request's body is not read.
    this.#body?.fail(alreadyAnswered);
    this.#options.outbox?.settle();
    this.#closeIfDone();
  }

  /** Ends an exchange whose response is sent. A request that goes on is stopped (RFC 9114 §4.1.1). */
  #closeIfDone(): void {
    if (!this.#isAnswered || !this.#writer.isSent) return;
    if (this.#hasRequestEnded) this.#gone();
    else this.close(http3Code.noError);
  }

  #reset(
    kind: "over-budget" | "too-slow" | "app-failed" | "request-malformed",
    message: string,
    code: number,
    err?: unknown,
  ): void {
    this.#options.faults.write("info", kind, message, err === undefined ? {} : { err });
    this.close(code);
  }

  #gone(isStopped = false): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#controller?.abort(clientGone);
    this.#body?.fail(clientGone);
    this.#writer.abandon(clientGone);
    this.#options.outbox?.stopWaiting(this);
    this.#options.budget.close();
    this.#options.onClose(isStopped);
  }
}
