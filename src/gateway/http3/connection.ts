import * as defaults from "../../defaults/index.ts";
import { goAwayFrame, http3Code, type Http3Fault, settingsStream } from "../../http3/index.ts";
import type { BudgetRefusal } from "../budget/limits.ts";
import { OpenRequests, type OpenRequestsOptions } from "../exchange/open-requests.ts";
import { Outbox } from "../exchange/outbox.ts";
import { ClientUniStreams } from "./client-uni-streams.ts";
import type { QuicConnection } from "./quic-connection.ts";
import type { QuicClientHandler } from "./quic-server.ts";
import { Http3Request } from "./request.ts";
import { TokenBucket } from "../../token-bucket.ts";
import { SmallPieces } from "../budget/stray-bytes.ts";
import { UnseenBytes } from "./unseen-bytes.ts";

/** Options of an {@link Http3Connection}. */
export interface Http3ConnectionOptions extends Omit<OpenRequestsOptions, "ip" | "idle" | "onMalformed"> {
  readonly connection: QuicConnection;
  /** Flow control window of a new connection, in bytes. */
  readonly windowBytes: number;
  /** Called when the connection ends because its client breaks a rule or a limit. */
  readonly onAbuse: () => void;
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
  readonly #uniStreams: ClientUniStreams;
  readonly #unseen: UnseenBytes;
  readonly #pieces: SmallPieces;
  readonly #cancels: TokenBucket;
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
    this.#exchanges = new OpenRequests({
      ...options,
      ip: connection.address,
      idle,
      onMalformed: () => this.#endOverBudget("malformed", "a client sends requests that cannot be read"),
    });
    this.#uniStreams = new ClientUniStreams(connection);
    this.#unseen = new UnseenBytes(connection, budget, options.windowBytes, now());
    this.#pieces = new SmallPieces(now());
    this.#cancels = new TokenBucket(defaults.requestResetsPerSecond, defaults.requestResetBurst, now());
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

  /** Takes the next bytes of a stream. Those of a stopped one come too late and are ignored. */
  received(streamId: number, piece: Uint8Array, hasEnded: boolean): void {
    if (this.#isEnded) return;
    const request = this.#requests.get(streamId);
    if (request) request.receive(piece, hasEnded);
    else if (this.#uniStreams.has(streamId)) this.#check(this.#uniStreams.receive(streamId, piece, hasEnded));
  }

  broken(streamId: number): void {
    if (this.#uniStreams.has(streamId)) this.#check(this.#uniStreams.end(streamId));
    else this.#cancel(this.#requests.get(streamId));
  }

  closed(): void {
    this.#exchanges.close();
    for (const request of this.#requests.values()) request.forget();
    this.#outbox.close();
    this.#options.onClosed();
  }

  /** Ends slow requests and an idle connection, and asks what has been sent. */
  sweep(nowMs: number): void {
    for (const request of this.#requests.values()) if (request.isLate(nowMs)) this.#endLate(request);
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
    if (!hasRoom) this.#endOverBudget("stray", "a client sends bytes that belong to no request");
    return isAny;
  }

  /** Tells the client to send no more requests on this connection (RFC 9114 §5.2). */
  goAway(): void {
    if (this.#isGoing) return;
    this.#isGoing = true;
    this.#options.connection.send(controlStreamId, goAwayFrame(this.#nextRequestId), false);
  }

  /** Ends the connection, whose place another network's has taken. */
  makeWay(): void {
    this.#endOverBudget("made-way", "a connection makes way for one of another network");
  }

  /** Closes the connection (CONNECTION_CLOSE). */
  end(code: number): void {
    this.#isEnded = true;
    this.#options.connection.close(code);
  }

  #beginUniStream(streamId: number): void {
    if (!this.#uniStreams.begin(streamId))
      this.#endOverBudget("uni-streams", "a client opens more unidirectional streams than it needs");
  }

  #beginRequest(streamId: number): void {
    const { connection, now } = this.#options;
    // The client had not received GOAWAY when it asked.
    if (this.#isGoing) return connection.stop(streamId, http3Code.requestRejected);
    const budget = this.#exchanges.reserve(0);
    if (!budget) return this.#reject(streamId);
    // IDs of request streams are multiples of four (RFC 9000 §2.1).
    this.#nextRequestId = Math.max(this.#nextRequestId, streamId + 4);
    const request = new Http3Request({
      connection,
      streamId,
      budget,
      exchanges: this.#exchanges,
      outbox: this.#outbox,
      unseen: this.#unseen,
      nowMs: now(),
      onFault: (fault) => this.#check(fault),
      onFields: (costBytes) => this.#takeFields(costBytes),
      onPiece: (bytes) => this.#take(bytes),
      onOver: () => this.#requests.delete(streamId),
    });
    this.#requests.set(streamId, request);
  }

  /**
   * Rejects a request unprocessed, so that the client may retry (RFC 9114 §4.1.1), but not endlessly: each stream takes the
   * library 5 kB.
   */
  #reject(streamId: number): void {
    if (++this.#refusals > defaults.maxRefusals)
      this.#endOverBudget("refusals", "a client asks for more than there is room for");
    else this.#options.connection.stop(streamId, http3Code.requestRejected);
  }

  /** Drops a request whose client resets its stream, or takes no more of its answer (CVE-2023-44487). */
  #cancel(request: Http3Request | undefined): void {
    if (!request) return;
    request.drop();
    if (!this.#cancels.take(1, this.#options.now()))
      this.#endOverBudget("cancelled", "a client cancels too many requests");
  }

  #endLate(request: Http3Request): void {
    this.#options.budget.refuse("slow");
    this.#options.faults.write("info", "too-slow", "a client was too slow");
    request.stop(http3Code.requestIncomplete);
  }

  /** Logs a client's error, if there is one, and ends the connection if the error is one of the connection. */
  #check(fault: Http3Fault | undefined): void {
    if (!fault) return;
    const { why, code, scope } = fault;
    this.#options.faults.write("info", "request-malformed", "a client broke a rule of HTTP/3", { why, code });
    if (scope === "connection") {
      this.#options.onAbuse();
      this.end(code);
    } else this.#exchanges.countMalformed();
  }

  #takeFields(costBytes: number): boolean {
    const { budget, now } = this.#options;
    if (!budget.takeFields(costBytes, now()))
      this.#endOverBudget("fields", "a client sends long header fields too often");
    return this.#isEnded;
  }

  #take(bytes: number): boolean {
    if (!this.#pieces.take(bytes, this.#options.now()))
      this.#endOverBudget("pieces", "a client sends bodies in tiny pieces");
    return this.#isEnded;
  }

  #endOverBudget(refusal: BudgetRefusal, why: string): void {
    // The rest of a piece that has been received is still read.
    if (this.#isEnded) return;
    if (refusal !== "made-way") this.#options.onAbuse();
    this.#options.budget.refuse(refusal);
    this.#options.faults.write("info", "over-budget", why);
    this.end(http3Code.excessiveLoad);
  }
}

/** RFC 9000 §2.1 */
function isUnidirectional(streamId: number): boolean {
  return (streamId & 2) !== 0;
}
