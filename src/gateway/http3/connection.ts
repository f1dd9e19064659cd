import * as defaults from "../../defaults/index.ts";
import { goAwayFrame, http3Code, type Http3Fault, settingsStream, UniStreams } from "../../http3/index.ts";
import type { BudgetRefusal } from "../budget/limits.ts";
import type { RequestBudget } from "../budget/request.ts";
import { Http3Request } from "./request.ts";
import { OpenRequests, type OpenRequestsOptions } from "../exchange/open-requests.ts";
import { Outbox } from "../exchange/outbox.ts";
import type { QuicConnection } from "./quic-connection.ts";
import type { QuicClientHandler } from "./quic-server.ts";
import { type HeadRefusal, readHead, type RequestHead } from "../exchange/request-head.ts";
import { UnseenBytes } from "./unseen-bytes.ts";

/** Options of an {@link Http3Connection}. */
export interface Http3ConnectionOptions extends Omit<OpenRequestsOptions, "ip" | "idle"> {
  readonly connection: QuicConnection;
  /** Flow control window of a new connection, in bytes. */
  readonly windowBytes: number;
  /** Called when the connection is over. */
  readonly onClosed: () => void;
}

const idle = { limitMs: defaults.gatewayConnectionIdleMs, firstMs: defaults.headersTimeoutMs };
/** The server's first unidirectional stream (RFC 9000 §2.1). */
const controlStreamId = 3;

/** A client's connection and the requests that are open on it. */
export class Http3Connection implements QuicClientHandler {
  readonly #options: Http3ConnectionOptions;
  readonly #outbox: Outbox;
  readonly #exchanges: OpenRequests;
  readonly #requests = new Map<number, Http3Request>();
  /** Timers of requests that were answered before their end. */
  readonly #lingering = new Map<number, NodeJS.Timeout>();
  readonly #uniStreams = new UniStreams();
  readonly #openUniStreams = new Set<number>();
  readonly #unseen: UnseenBytes;
  #uniStreamsLeft = defaults.maxHttp3UniStreams;
  /** Stream ID for GOAWAY: requests from it on are not answered. */
  #nextRequestId = 0;
  #isGoing = false;
  #refusals = 0;
  /** Whether the close was requested. Anything that still arrives is ignored. */
  #isEnded = false;

  constructor(options: Http3ConnectionOptions) {
    this.#options = options;
    const { connection, budget, now } = options;
    this.#outbox = new Outbox(connection, budget, {
      onCrowded: () =>
        this.#endOverBudget("crowded", "a client takes next to nothing while others have no room"),
      now,
    });
    this.#exchanges = new OpenRequests({ ...options, ip: connection.address, idle });
    this.#unseen = new UnseenBytes(connection, budget, options.windowBytes, now());
    const settings = settingsStream({ maxFieldSectionBytes: defaults.maxHeaderBytes });
    connection.send(controlStreamId, settings, false);
  }

  /** Hides the client's address from the app, because a newer connection has begun there. */
  superseded(): void {
    this.#exchanges.hideClient();
  }

  began(streamId: number): void {
    if (this.#isEnded) return;
    if (isUnidirectional(streamId)) this.#beginUniStream(streamId);
    else if (!this.#requests.has(streamId)) this.#beginRequest(streamId);
  }

  /** Bytes of a stopped stream came too late and are ignored. */
  received(streamId: number, piece: Uint8Array, hasEnded: boolean): void {
    if (this.#isEnded) return;
    if (this.#openUniStreams.has(streamId)) this.#readUniStream(streamId, piece, hasEnded);
    else this.#requests.get(streamId)?.receive(piece, hasEnded);
    // An ended stream need not be stopped.
    if (hasEnded && this.#lingering.has(streamId)) this.#forget(streamId);
  }

  broken(streamId: number): void {
    if (this.#openUniStreams.has(streamId)) this.#endUniStream(streamId);
    else this.#drop(streamId);
  }

  closed(): void {
    this.#exchanges.close();
    for (const streamId of this.#requests.keys()) this.#forget(streamId);
    this.#outbox.close();
    this.#options.onClosed();
  }

  /** Ends slow requests and an idle connection, and asks what has been sent. */
  sweep(nowMs: number): void {
    for (const [streamId, request] of this.#requests) if (request.isLate(nowMs)) this.#endLate(streamId);
    const isIdle = this.#exchanges.sweep(nowMs);
    this.#outbox.sweep();
    if (!isIdle) return;
    // GOAWAY at one sweep, the close at the next, so that the client stops asking in between.
    if (this.#isGoing) this.end(http3Code.noError);
    else this.goAway();
  }

  /**
   * Ends the connection if there is no room for its bytes that no request has received.
   *
   * @returns whether there are any.
   */
  look(nowMs: number): boolean {
    const { isAny, hasRoom } = this.#unseen.look(nowMs);
    if (!hasRoom) this.#endOverBudget("stray", "a client sends what nobody waits for");
    return isAny;
  }

  /** Tells the client to send no more requests on this connection (RFC 9114 §5.2). */
  goAway(): void {
    if (this.#isGoing) return;
    this.#isGoing = true;
    this.#options.connection.send(controlStreamId, goAwayFrame(this.#nextRequestId), false);
  }

  /** Closes the connection (CONNECTION_CLOSE). */
  end(code: number): void {
    this.#isEnded = true;
    this.#options.connection.close(code);
  }

  #beginRequest(streamId: number): void {
    // The client had not received GOAWAY when it asked.
    if (this.#isGoing) return this.#options.connection.stop(streamId, http3Code.requestRejected);
    const budget = this.#exchanges.reserve(0);
    if (!budget) return this.#reject(streamId);
    // IDs of request streams are multiples of four (RFC 9000 §2.1).
    this.#nextRequestId = Math.max(this.#nextRequestId, streamId + 4);
    this.#requests.set(streamId, this.#openRequest(streamId, budget));
  }

  /**
   * Rejects a request unprocessed, so that the client may retry (RFC 9114 §4.1.1), but not endlessly: each stream takes the
   * library 7 kB.
   */
  #reject(streamId: number): void {
    if (++this.#refusals > defaults.maxRefusals)
      this.#endOverBudget("refusals", "a client asks for more than there is room for");
    else this.#options.connection.stop(streamId, http3Code.requestRejected);
  }

  #openRequest(streamId: number, budget: RequestBudget): Http3Request {
    const { connection, now } = this.#options;
    const request: Http3Request = new Http3Request({
      connection,
      streamId,
      budget,
      nowMs: now(),
      onFields: (fields, hasEnded) => this.#answer(streamId, request, readHead(fields), hasEnded),
      onSection: (bytes) => this.#unseen.use(bytes + defaults.requestFramingBytes),
      onContent: (bytes) => this.#unseen.useBody(bytes),
      onFault: (fault, hasEnded) => this.#refuse(streamId, request, fault, hasEnded),
      onOverBudget: () => this.#stop(streamId, http3Code.requestRejected),
      onClose: (code) => this.#close(streamId, code),
    });
    return request;
  }

  #answer(
    streamId: number,
    { stream, budget }: Http3Request,
    head: RequestHead | HeadRefusal,
    hasEnded: boolean,
  ): void {
    this.#exchanges.begin(head, {
      stream,
      hasEnded,
      budget,
      outbox: this.#outbox,
      onClose: (isStopped) => {
        if (!isStopped) this.#forget(streamId);
      },
    });
  }

  #refuse(streamId: number, request: Http3Request, fault: Http3Fault, hasEnded: boolean): void {
    const { status, why } = fault;
    if (status) return this.#answer(streamId, request, { status, why }, hasEnded);
    if (fault.scope === "connection") return this.#fail(fault);
    this.#tellOf(fault);
    this.#stop(streamId, fault.code);
  }

  #endLate(streamId: number): void {
    this.#options.budget.refuse("slow");
    this.#options.faults.write("info", "too-slow", "a client was too slow");
    this.#stop(streamId, http3Code.requestIncomplete);
  }

  /**
   * Gives a response time to arrive while its request goes on. Stopping the stream loses what the client has not read, and the
   * library cannot stop one direction alone.
   */
  #close(streamId: number, code: number): void {
    if (code !== http3Code.noError) return this.#stop(streamId, code);
    const timer = setTimeout(() => this.#stop(streamId, code), defaults.answerLingerMs).unref();
    this.#lingering.set(streamId, timer);
  }

  #forget(streamId: number): void {
    clearTimeout(this.#lingering.get(streamId));
    this.#lingering.delete(streamId);
    this.#requests.delete(streamId);
  }

  #stop(streamId: number, code: number): void {
    this.#options.connection.stop(streamId, code);
    this.#drop(streamId);
  }

  /** Forgets a request whose stream is gone. */
  #drop(streamId: number): void {
    const request = this.#requests.get(streamId);
    this.#forget(streamId);
    request?.stream.emit("aborted");
    // An unanswered request has no exchange to close its budget.
    request?.budget.close();
  }

  #beginUniStream(streamId: number): void {
    this.#openUniStreams.add(streamId);
    if (this.#uniStreamsLeft-- === 0)
      this.#endOverBudget("uni-streams", "a client opens more unidirectional streams than anybody needs");
  }

  #readUniStream(streamId: number, piece: Uint8Array, hasEnded: boolean): void {
    const verdict = this.#uniStreams.push(streamId, piece);
    if (verdict && "scope" in verdict) return this.#fail(verdict);
    if (verdict) this.#options.connection.stop(streamId, verdict.stop);
    if (verdict || hasEnded) this.#endUniStream(streamId);
  }

  #endUniStream(streamId: number): void {
    this.#openUniStreams.delete(streamId);
    const fault = this.#uniStreams.end(streamId);
    if (fault) this.#fail(fault);
  }

  #fail(fault: Http3Fault): void {
    this.#tellOf(fault);
    this.end(fault.code);
  }

  #endOverBudget(refusal: BudgetRefusal, why: string): void {
    this.#options.budget.refuse(refusal);
    this.#options.faults.write("info", "over-budget", why);
    this.end(http3Code.excessiveLoad);
  }

  #tellOf({ why, code }: Http3Fault): void {
    this.#options.faults.write("info", "request-malformed", "a client broke a rule of HTTP/3", { why, code });
  }
}

/** RFC 9000 §2.1 */
function isUnidirectional(streamId: number): boolean {
  return (streamId & 2) !== 0;
}
