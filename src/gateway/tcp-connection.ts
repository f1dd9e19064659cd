import type { Socket } from "node:net";
import {
  bodyFraming,
  maxRefusals,
  maxStrayBytes,
  strayBytesPerSecond,
  tcpRequestBytes,
} from "../defaults.ts";
import type { ConnectionBudget } from "./budget.ts";
import { Exchange } from "./exchange.ts";
import type { ExchangeStream } from "./exchange-stream.ts";
import type { Faults } from "./faults.ts";
import { http3Code } from "./http3-code.ts";
import { IdleTime } from "./idle-time.ts";
import { type FieldMap, headBytes, readHead } from "./request-head.ts";
import { StrayBytes } from "./stray-bytes.ts";

/** What a {@link TcpConnection} is made with. */
export interface TcpConnectionOptions {
  readonly socket: Socket;
  /** Closed with the connection. */
  readonly budget: ConnectionBudget;
  readonly faults: Faults;
  /** What the app is told of the client's address; nothing where that could pass for a proof. */
  readonly ip: string | undefined;
  readonly fetch: (request: Request) => Response | Promise<Response>;
  /** How long it may be without requests, and until the first one, in ms. */
  readonly idle: { readonly limitMs: number; readonly firstMs: number };
  readonly now: () => number;
}

/** One client's TCP connection, with the requests that are open on it. */
export class TcpConnection {
  readonly #options: TcpConnectionOptions;
  readonly #exchanges = new Set<Exchange>();
  readonly #idle: IdleTime;
  readonly #stray: StrayBytes;
  #refusals = 0;
  #isLingering = false;
  /** Ends the connection with a word to the client. */
  #sayGoodbye: (() => void) | undefined;
  #maxRequests = Infinity;

  constructor(options: TcpConnectionOptions) {
    this.#options = options;
    this.#idle = new IdleTime(options.idle, options.now());
    const limits = { maxBytes: maxStrayBytes, perSecond: strayBytesPerSecond };
    this.#stray = new StrayBytes(limits, options.now());
  }

  /** Connections of its source, this one included. */
  get sourceConnections(): number {
    return this.#options.budget.sourceConnections;
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
    const { budget, faults, fetch, ip, now } = this.#options;
    if (this.#exchanges.size >= this.#maxRequests) {
      this.#sendAway("a client sends too many requests ahead");
      return false;
    }
    const fieldBytes = headBytes(fields);
    this.#stray.use(fieldBytes);
    const share = budget.open(fieldBytes + tcpRequestBytes);
    if (!share) {
      this.#refused();
      return false;
    }
    this.#idle.begin(now());
    const exchange: Exchange = new Exchange({
      stream: stream(),
      hasEnded,
      budget: share,
      outbox: undefined,
      faults,
      now,
      isDeferred: true,
      onBody: (bytes) => this.#stray.use(bytes * bodyFraming),
      onClose: () => this.#closed(exchange),
    });
    this.#exchanges.add(exchange);
    const head = readHead(fields);
    if ("status" in head) exchange.refuse(head);
    else exchange.serve(head, ip, fetch);
    return true;
  }

  /** For as long as a stream drops the rest of an answered request, which it bounds, that is none that nobody waits for. */
  linger(isLingering: boolean): void {
    this.#isLingering = isLingering;
    this.#stray.skip(this.#options.socket.bytesRead);
  }

  /** Ends the connection if much has come that no request waits for, such as pings, or what a closed stream was sent. */
  look(nowMs: number): void {
    if (!this.#isLingering && this.#stray.look(this.#options.socket.bytesRead, nowMs))
      this.#sendAway("a client sends what nobody waits for");
  }

  /** Ends what has taken too long. */
  sweep(nowMs: number): void {
    for (const exchange of this.#exchanges) exchange.sweep(nowMs);
    if (this.#exchanges.size > 0 || this.#idle.leftMs(nowMs) > 0) return;
    const sayGoodbye = this.#sayGoodbye;
    this.#sayGoodbye = undefined;
    // Who does not listen to it is gone by the next sweep.
    if (sayGoodbye) sayGoodbye();
    else this.#options.socket.destroy();
  }

  /** The connection has ended. */
  close(): void {
    for (const exchange of this.#exchanges) exchange.close(http3Code.noError);
    this.#options.budget.close();
  }

  /** Who goes on asking for what there is no room for makes work, and is sent away. */
  #refused(): void {
    if (++this.#refusals > maxRefusals) this.#sendAway("a client asks for more than there is room for");
    else this.#options.faults.write("info", "over-budget", "a source has too many requests open");
  }

  #sendAway(why: string): void {
    this.#options.faults.write("info", "over-budget", why);
    // Nothing more is read of it, and it leaves no half-closed connection behind.
    this.#options.socket.resetAndDestroy();
  }

  #closed(exchange: Exchange): void {
    this.#exchanges.delete(exchange);
    if (this.#exchanges.size === 0) this.#idle.rest(this.#options.now());
  }
}
