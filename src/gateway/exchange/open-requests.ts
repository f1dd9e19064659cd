import { maxRefusals } from "../../defaults/index.ts";
import { http3Code } from "../../http3/index.ts";
import type { ConnectionBudget } from "../budget/connection.ts";
import type { RequestBudget } from "../budget/request.ts";
import { Exchange, type ExchangeOptions, type Http3App } from "./exchange.ts";
import type { SourceFaults } from "./faults.ts";
import { type IdleLimits, IdleTime } from "./patience.ts";
import {
  type FieldMap,
  headCostBytes,
  type HeadRefusal,
  type HeadSize,
  readHead,
  type RequestHead,
} from "./request-head.ts";

/** Options of {@link OpenRequests}. */
export interface OpenRequestsOptions {
  /** Closed with the connection. */
  readonly budget: ConnectionBudget;
  readonly faults: SourceFaults;
  readonly app: Http3App;
  /** Client address that the app sees; `undefined` where it could pass for a proven one. */
  readonly ip: string | undefined;
  readonly idle: IdleLimits;
  /** Called when too many requests in a row could not be read: the connection has to go. */
  readonly onMalformed: () => void;
  readonly now: () => number;
}

/** Options that differ between requests. */
export type RequestParts = Omit<ExchangeOptions, "budget" | "faults" | "now">;

/** The open requests of a client's connection, and its idle time. */
export class OpenRequests {
  readonly #options: OpenRequestsOptions;
  readonly #exchanges = new Set<Exchange>();
  readonly #idle: IdleTime;
  #ip: string | undefined;
  /** Requests since the last one that could be read. */
  #malformed = 0;

  constructor(options: OpenRequestsOptions) {
    this.#options = options;
    this.#ip = options.ip;
    this.#idle = new IdleTime(options.idle, options.now());
  }

  get size(): number {
    return this.#exchanges.size;
  }

  /** Hides the client's address from the app from now on. */
  hideClient(): void {
    this.#ip = undefined;
  }

  /**
   * Opens a request.
   *
   * @param size of its header fields as they came.
   * @param ownBytes bytes that it takes besides its header fields.
   * @param parts makes its stream, if there is room.
   * @returns `false` if there is none.
   */
  open(fields: FieldMap, size: HeadSize, ownBytes: number, parts: () => RequestParts): boolean {
    const budget = this.reserve(headCostBytes(size) + ownBytes);
    if (budget) this.begin(readHead(fields, size), { ...parts(), budget });
    return budget !== undefined;
  }

  /** Reserves room for a request; `undefined` if there is none. */
  reserve(bytes: number): RequestBudget | undefined {
    const budget = this.#options.budget.open(bytes);
    if (!budget) this.#options.faults.write("info", "over-budget", "a source has too many requests open");
    return budget;
  }

  /** Begins to answer a request that has room. */
  begin(head: RequestHead | HeadRefusal, parts: RequestParts & Pick<ExchangeOptions, "budget">): void {
    const { app, faults, now } = this.#options;
    this.#idle.begin(now());
    const exchange = this.#add({ ...parts, faults, now });
    const checked = withBody(head, parts.hasEnded);
    if ("status" in checked) {
      void exchange.refuse(checked);
      this.countMalformed();
    } else {
      this.#malformed = 0;
      void exchange.serve(checked, this.#ip, app);
    }
  }

  /** Counts a request that could not be read. */
  countMalformed(): void {
    if (++this.#malformed > maxRefusals) this.#options.onMalformed();
  }

  /**
   * Ends requests that have taken too long.
   *
   * @returns whether the connection itself has been without requests for too long.
   */
  sweep(nowMs: number): boolean {
    for (const exchange of this.#exchanges) exchange.sweep(nowMs);
    return this.#exchanges.size === 0 && this.#idle.leftMs(nowMs) <= 0;
  }

  /** Closes all requests and the budget. */
  close(): void {
    for (const exchange of this.#exchanges) exchange.close(http3Code.noError);
    this.#options.budget.close();
  }

  #add(options: ExchangeOptions): Exchange {
    const exchange = new Exchange({
      ...options,
      onClose: (isStopped) => {
        this.#exchanges.delete(exchange);
        if (this.#exchanges.size === 0) this.#idle.rest(options.now());
        options.onClose(isStopped);
      },
    });
    this.#exchanges.add(exchange);
    return exchange;
  }
}

/** Refuses a request that ends before an announced body (RFC 9114 §4.1.2). One that follows is checked as it arrives. */
function withBody(head: RequestHead | HeadRefusal, hasEnded: boolean): RequestHead | HeadRefusal {
  if ("status" in head || !hasEnded || (head.contentLength ?? 0) === 0) return head;
  return { status: 400, why: "the body is shorter than was announced", method: head.method };
}
