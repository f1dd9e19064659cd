import type { Http3ServerSession, ServerHttp3Stream } from "@currentspace/http3";
import { gatewayConnectionIdleMs, maxStoppedStreams } from "../defaults.ts";
import type { ConnectionBudget } from "./budget.ts";
import { Exchange } from "./exchange.ts";
import type { Faults } from "./faults.ts";
import { holdStream } from "./held-stream.ts";
import { http3Code } from "./http3-code.ts";
import { Outbox } from "./outbox.ts";
import { type FieldMap, headBytes, readHead } from "./request-head.ts";

/** What an {@link Http3Connection} is made with. */
export interface Http3ConnectionOptions {
  /** The QUIC connection; absent for those over TCP, which count as one. */
  readonly session: Http3ServerSession | undefined;
  /** Closed with the connection. */
  readonly budget: ConnectionBudget;
  readonly faults: Faults;
  readonly fetch: (request: Request) => Response | Promise<Response>;
  readonly now: () => number;
}

/** One client's connection, with the requests that are open on it. */
export class Http3Connection {
  readonly #options: Http3ConnectionOptions;
  readonly #outbox: Outbox | undefined;
  readonly #exchanges = new Set<Exchange>();
  #idleSinceMs: number;
  #stopped = 0;

  constructor(options: Http3ConnectionOptions) {
    this.#options = options;
    const { session, budget } = options;
    this.#outbox = session && new Outbox(session, budget.outbox, (full) => budget.holdUp(full));
    this.#idleSinceMs = options.now();
  }

  /** Takes a new request. */
  open(stream: ServerHttp3Stream, fields: FieldMap, hasEnded: boolean): void {
    const { budget, faults, fetch, now, session } = this.#options;
    const share = budget.open(headBytes(fields));
    if (!share) return this.#refuse(stream);
    const release = holdStream(stream);
    const exchange: Exchange = new Exchange({
      stream,
      hasEnded,
      budget: share,
      outbox: this.#outbox,
      faults,
      now,
      onClose: (isStopped) => {
        release();
        this.#closed(exchange, isStopped);
      },
    });
    this.#exchanges.add(exchange);
    const head = readHead(fields);
    if ("status" in head) exchange.refuse(head);
    else exchange.serve(head, session?.remoteAddress, fetch);
  }

  /** Ends what has taken too long, and asks what has been sent. */
  sweep(nowMs: number): void {
    for (const exchange of this.#exchanges) exchange.sweep(nowMs);
    this.#outbox?.sweep();
    const isIdle = this.#exchanges.size === 0 && nowMs - this.#idleSinceMs >= gatewayConnectionIdleMs;
    if (isIdle) this.end(http3Code.noError);
  }

  /** Ends the connection, with a word to the client. */
  end(code: number): void {
    const { session, faults } = this.#options;
    session
      ?.close(code)
      .catch((err) =>
        faults.write("info", "connection-failed", "a connection did not close", { why: String(err) }),
      );
  }

  /** The connection has ended. */
  close(): void {
    for (const exchange of this.#exchanges) exchange.close(http3Code.noError);
    this.#outbox?.close();
    this.#options.budget.close();
  }

  #refuse(stream: ServerHttp3Stream): void {
    this.#options.faults.write("info", "over-budget", "a source has too many requests open");
    // The client may ask again, as nothing was done (RFC 9114 §4.1.1).
    stream.on("error", () => undefined).close(http3Code.requestRejected);
    this.#countStopped();
  }

  #closed(exchange: Exchange, isStopped: boolean): void {
    this.#exchanges.delete(exchange);
    if (isStopped) this.#countStopped();
    this.#idleSinceMs = this.#options.now();
  }

  /** The library forgets a stream that was stopped only with its connection. */
  #countStopped(): void {
    if (++this.#stopped === maxStoppedStreams) this.end(http3Code.excessiveLoad);
  }
}
