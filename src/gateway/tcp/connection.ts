import type { Socket } from "node:net";
import {
  bodyFraming,
  maxRefusals,
  maxStrayBytes,
  strayBytesPerSecond,
  strayBytesPerSentByte,
  tcpRequestBytes,
} from "../../defaults/index.ts";
import type { BudgetRefusal } from "../budget/limits.ts";
import type { ExchangeStream } from "../exchange/stream.ts";
import { OpenRequests, type OpenRequestsOptions } from "../exchange/open-requests.ts";
import { type FieldMap, headBytes } from "../exchange/request-head.ts";
import { StrayBytes } from "../budget/stray-bytes.ts";

/** What a {@link TcpConnection} is made with. */
export interface TcpConnectionOptions extends OpenRequestsOptions {
  readonly socket: Socket;
}

/** One client's TCP connection, with the requests that are open on it. */
export class TcpConnection {
  readonly #options: TcpConnectionOptions;
  readonly #requests: OpenRequests;
  readonly #stray: StrayBytes;
  #refusals = 0;
  #isLingering = false;
  /** Ends the connection with a word to the client. */
  #sayGoodbye: (() => void) | undefined;
  #maxRequests = Infinity;

  constructor(options: TcpConnectionOptions) {
    this.#options = options;
    this.#requests = new OpenRequests(options);
    const limits = {
      maxBytes: maxStrayBytes,
      perSecond: strayBytesPerSecond,
      perSentByte: strayBytesPerSentByte,
    };
    this.#stray = new StrayBytes(limits, options.now());
  }

  /** Connections of its source, this one included. */
  get sourceConnections(): number {
    return this.#options.budget.sourceConnections;
  }

  /** Whether a request is open on it. */
  get isBusy(): boolean {
    return this.#requests.size > 0;
  }

  /** Whether it has ended, or was ended. */
  get isOver(): boolean {
    return this.#options.socket.destroyed;
  }

  /**
   * By which version of HTTP it goes on is known.
   *
   * @param maxRequests that may be open at a time, where the library does not see to that.
   */
  speaks(sayGoodbye: () => void, maxRequests: number = Infinity): void {
    this.#sayGoodbye = sayGoodbye;
    this.#maxRequests = maxRequests;
  }

  /**
   * Takes a new request.
   *
   * @param stream makes its stream, if there is room for it.
   * @returns `false` if there is none.
   */
  open(fields: FieldMap, hasEnded: boolean, stream: () => ExchangeStream): boolean {
    if (this.#requests.size >= this.#maxRequests) {
      this.#end("ahead", "a client sends too many requests ahead");
      return false;
    }
    this.#stray.use(headBytes(fields));
    const hasRoom = this.#requests.open(fields, tcpRequestBytes, () => ({
      stream: stream(),
      hasEnded,
      outbox: undefined,
      onBody: (bytes) => this.#stray.use(bytes * bodyFraming),
      onClose: () => undefined,
    }));
    // Who goes on asking for what there is no room for makes work.
    if (!hasRoom && ++this.#refusals > maxRefusals)
      this.#end("refusals", "a client asks for more than there is room for");
    return hasRoom;
  }

  /** For as long as a stream drops the rest of an answered request, which it bounds, that is none that nobody waits for. */
  linger(isLingering: boolean): void {
    this.#isLingering = isLingering;
    this.#stray.skip(this.#options.socket.bytesRead);
  }

  /** Ends the connection if much has come that no request waits for, such as pings, or what a closed stream was sent. */
  look(nowMs: number): void {
    const { bytesRead, bytesWritten } = this.#options.socket;
    if (!this.#isLingering && this.#stray.look(bytesRead, bytesWritten, nowMs))
      this.#end("stray", "a client sends what nobody waits for");
  }

  /** Ends what has taken too long. */
  sweep(nowMs: number): void {
    if (!this.#requests.sweep(nowMs)) return;
    const sayGoodbye = this.#sayGoodbye;
    this.#sayGoodbye = undefined;
    // Who does not listen to it is gone by the next sweep.
    if (sayGoodbye) sayGoodbye();
    else this.#options.socket.destroy();
  }

  /** Tells of a request that cannot be read. */
  refused(status: number): void {
    this.#options.faults.write("info", "request-malformed", "a request could not be read", { status });
  }

  /** Tells of an error of its HTTP/2 session, which has ended it. */
  failed(error: Error): void {
    this.#options.faults.write("info", "connection-failed", "an HTTP/2 connection failed", {
      why: String(error),
    });
  }

  /** The connection has ended. */
  close(): void {
    this.#requests.close();
  }

  #end(refusal: BudgetRefusal, why: string): void {
    this.#options.budget.refuse(refusal);
    this.#options.faults.write("info", "over-budget", why);
    // Nothing more is read of it, and it leaves no half-closed connection behind.
    this.#options.socket.destroy();
  }
}
