import type { Socket } from "node:net";
import {
  bodyFraming,
  lastWordsMs,
  maxRefusals,
  maxStrayBytes,
  strayBytesPerSecond,
  strayBytesPerSentByte,
  tcpRequestBytes,
} from "../../defaults/index.ts";
import type { BudgetRefusal } from "../budget/limits.ts";
import type { ExchangeStream } from "../exchange/stream.ts";
import { OpenRequests, type OpenRequestsOptions } from "../exchange/open-requests.ts";
import { type FieldMap, headCostBytes, type HeadSize, rawSizeOf } from "../exchange/request-head.ts";
import { codeOf } from "../../system-error.ts";
import { SmallPieces, StrayBytes } from "../budget/stray-bytes.ts";

/** Options of a {@link TcpConnection}. */
export interface TcpConnectionOptions extends Omit<OpenRequestsOptions, "onMalformed"> {
  readonly socket: Socket;
  /** Called when the connection ends because its client breaks a rule or a limit. */
  readonly onAbuse: () => void;
}

/** Codes of Node for rules and limits that an HTTP/2 client has broken. Others may be its network's fault. */
const brokenRules: ReadonlySet<string> = new Set(["ERR_HTTP2_ERROR", "ERR_HTTP2_TOO_MANY_INVALID_FRAMES"]);

/** A connection's version of HTTP. */
export interface Protocol {
  /** Tells the client to ask for nothing more. */
  goAway(): void;
  /** Called once no request is open. */
  end(): void;
  /** Returns how many requests Node has refused without reporting them; absent if it reports all. */
  unheard?(): number;
}

/** A client's TCP connection and the requests that are open on it. */
export class TcpConnection {
  readonly #options: TcpConnectionOptions;
  readonly #requests: OpenRequests;
  readonly #stray: StrayBytes;
  readonly #pieces: SmallPieces;
  #refusals = 0;
  /** Whether a message was refused with which the connection ends. */
  #isRefused = false;
  #isLingering = false;
  /** Absent until its version of HTTP is known. */
  #protocol: Protocol | undefined;
  #bytesRead = 0;
  #isGoing = false;
  #maxRequests = Infinity;

  constructor(options: TcpConnectionOptions) {
    this.#options = options;
    const onMalformed = (): void => this.#end("malformed", "a client sends requests that cannot be read");
    this.#requests = new OpenRequests({ ...options, onMalformed });
    const limits = {
      maxBytes: maxStrayBytes,
      perSecond: strayBytesPerSecond,
      perSentByte: strayBytesPerSentByte,
    };
    this.#stray = new StrayBytes(limits, options.now());
    this.#pieces = new SmallPieces(options.now());
  }

  /** Open connections of its source, including this one. */
  get sourceConnections(): number {
    return this.#options.budget.sourceConnections;
  }

  /** Whether a request is open on it. */
  get isBusy(): boolean {
    return this.#requests.size > 0;
  }

  /** Whether the connection is over: nothing more of it is served. */
  get isOver(): boolean {
    return this.#isRefused || this.#options.socket.destroyed;
  }

  /**
   * Sets how to end the connection, once its version of HTTP is known.
   *
   * @param maxRequests requests open at a time, if the library does not limit them.
   */
  speaks(protocol: Protocol, maxRequests: number = Infinity): void {
    this.#protocol = protocol;
    this.#maxRequests = maxRequests;
    if (this.#isGoing) this.goAway();
  }

  /** Whether the connection ends with its open requests. */
  get isGoing(): boolean {
    return this.#isGoing;
  }

  /** Ends the connection once its open requests are answered. */
  goAway(): void {
    this.#isGoing = true;
    this.#protocol?.goAway();
    this.#endIfGone();
  }

  /** Resolves in a later turn of the event loop, when it is the turn of the connection's source. */
  turn(): Promise<void> {
    return this.#options.budget.turn();
  }

  /**
   * Counts the header fields of a request as they arrive.
   *
   * @param rawFields the fields as they came, names and values in turn.
   * @returns their size; `undefined` if the connection is over.
   */
  measure(rawFields: readonly string[]): HeadSize | undefined {
    // Node goes on with what it has received of a connection that is over.
    if (this.isOver) return undefined;
    const size = rawSizeOf(rawFields);
    this.#stray.use(size.bytes);
    const { budget, now } = this.#options;
    if (budget.takeFields(headCostBytes(size), now())) return size;
    this.#end("fields", "a client sends long header fields too often");
    return undefined;
  }

  /**
   * Opens a request.
   *
   * @param size of its header fields as they came.
   * @param stream makes its stream; called only if there is room.
   * @returns `false` if there is no room.
   */
  open(fields: FieldMap, size: HeadSize, hasEnded: boolean, stream: () => ExchangeStream): boolean {
    if (this.isOver) return false;
    if (this.#requests.size >= this.#maxRequests) {
      this.#end("ahead", "a client sends too many requests ahead");
      return false;
    }
    const hasRoom = this.#requests.open(fields, size, tcpRequestBytes, () => ({
      stream: stream(),
      hasEnded,
      outbox: undefined,
      onBody: (bytes) => this.#stray.use(bytes * bodyFraming),
      onPiece: (bytes) => this.#take(bytes),
      onClose: () => this.#endIfGone(),
    }));
    // A client that keeps asking without room makes work.
    if (hasRoom) this.#refusals = 0;
    else if (++this.#refusals > maxRefusals)
      this.#end("refusals", "a client asks for more than there is room for");
    return hasRoom;
  }

  /** Suspends the check for stray bytes while a stream drops the rest of an answered request, which it bounds itself. */
  linger(isLingering: boolean): void {
    this.#isLingering = isLingering;
    this.#stray.skip(this.#options.socket.bytesRead);
  }

  /** Ends the connection if too many bytes belong to no request, such as pings or data for a closed stream. */
  look(nowMs: number): void {
    const { bytesRead, bytesWritten } = this.#options.socket;
    if (!this.#isLingering && this.#stray.look(bytesRead, bytesWritten, nowMs))
      this.#end("stray", "a client sends bytes that belong to no request");
    else if (bytesRead !== this.#bytesRead) this.#lookForUnheard();
    this.#bytesRead = bytesRead;
  }

  /** Ends the connection if Node refuses many of its requests, for which it decodes all of their fields. */
  #lookForUnheard(): void {
    if ((this.#protocol?.unheard?.() ?? 0) > maxRefusals)
      this.#end("malformed", "a client sends requests that Node refuses");
  }

  /** Ends slow requests and an idle connection. */
  sweep(nowMs: number): void {
    if (!this.#requests.sweep(nowMs)) return;
    // A client that ignores it is cut off at the next sweep.
    if (this.#isGoing || !this.#protocol) this.#options.socket.destroy();
    else this.goAway();
  }

  /** Ends the connection, whose place another network's has taken. The client is told first (RFC 9113 §6.8). */
  makeWay(): void {
    this.#tell("made-way", "a connection makes way for one of another network");
    this.goAway();
    setTimeout(() => this.#options.socket.destroy(), lastWordsMs).unref();
  }

  /** Counts and logs a message that could not be read, with which the connection ends. */
  refused(status: number): void {
    this.#isRefused = true;
    this.#options.onAbuse();
    this.#options.budget.refuse("malformed");
    this.#options.faults.write("info", "request-malformed", "a request could not be read", { status });
  }

  /** Logs an error that has ended the HTTP/2 session. */
  failed(error: Error): void {
    if (brokenRules.has(codeOf(error))) this.#options.onAbuse();
    this.#options.faults.write("info", "connection-failed", "an HTTP/2 connection failed", {
      why: String(error),
    });
  }

  /** Closes all requests and the budget. */
  close(): void {
    this.#requests.close();
  }

  #endIfGone(): void {
    if (this.#isGoing && !this.isBusy) this.#protocol?.end();
  }

  #take(bytes: number): boolean {
    if (!this.#pieces.take(bytes, this.#options.now()))
      this.#end("pieces", "a client sends bodies in tiny pieces");
    return this.isOver;
  }

  #end(refusal: BudgetRefusal, why: string): void {
    // Pieces that have been read already still come.
    if (this.isOver) return;
    this.#options.onAbuse();
    this.#tell(refusal, why);
    // Destroyed, so that nothing more is read and no half-closed connection remains.
    this.#options.socket.destroy();
  }

  /** Counts and logs why the connection ends. */
  #tell(refusal: BudgetRefusal, why: string): void {
    this.#options.budget.refuse(refusal);
    this.#options.faults.write("info", "over-budget", why);
  }
}
