import type { H3Event, H3Plugin } from "h3";
import type { RegistrationStats, StatsOrder } from "../protocol.ts";
import type { Address } from "../wire/address.ts";
import type { UpstreamOptions } from "./options/options.ts";
import type { RelayAddress, RelayStats } from "./stats/stats.ts";

/** Options of {@link Relay.listen}. */
export interface ListenOptions {
  /** The app's HTTP/3 server, in place of the option `upstream`: for a server that takes a free port. Requests wait for it. */
  readonly upstream?: UpstreamOptions | Promise<UpstreamOptions>;
}

/** Options of {@link Relay.drain} and {@link Relay.close}. */
export interface CloseOptions {
  /**
   * Time for which registered peers are still forwarded, in ms. Default 0. Ends early when no registration is left, but leaves
   * the answers to long polls 100 ms to be sent: over HTTP/3 they go through the relay's socket.
   */
  readonly graceMs?: number;
}

/** Options of {@link Relay.registrations}. */
export interface RegistrationsQuery {
  /**
   * Oldest first (`"registered"`, the default), each once; or busiest first (`"rate"`): rates change between two pages, so that
   * more than a page of registrations may repeat one or miss one.
   */
  readonly order?: StatsOrder;
  /** Text to find in subject or address, of either case, at most 256 bytes; all registrations if absent. */
  readonly filter?: string;
}

/** A relay: h3 middleware, and the handle of its sockets and state. The caller of `quicpipe()` closes it. */
export interface Relay extends AsyncDisposable {
  /** h3 middleware: answers the relay's own paths and passes all others to the app. */
  (event: H3Event, next: () => unknown): unknown;
  /**
   * Does the same by routes of the app: `app.register(relay.plugin)` in place of `app.use(relay)`. So the app's router,
   * `h3/tracing` and middleware see each route, with `operationId` and `summary` of the OpenAPI description as its meta.
   */
  readonly plugin: H3Plugin;
  /**
   * Opens the public UDP socket and returns its address, with the number of the second port (`stunPort`) if there is one.
   * Keeps the process alive until {@link close}. Otherwise the first request to a path of the relay opens the socket, which
   * then keeps no process alive. No request can come through a closed socket, so a relay behind an HTTP/3 gateway has to
   * listen; so has a relay with pins, whose packets are to go on at once. Idempotent.
   *
   * @throws ERR_QUICPIPE_LISTEN_FAILED, after which it may be retried; ERR_QUICPIPE_CLOSED; ERR_QUICPIPE_BACKEND_UNAVAILABLE
   *   if the native backend is required and cannot run; ERR_QUICPIPE_OPTION_INVALID and ERR_QUICPIPE_STATE_UNAVAILABLE if
   *   the development key cannot be used; ERR_QUICPIPE_OPTION_INVALID for an `upstream` that is not the first one, or that
   *   comes once the socket is open
   */
  listen(options?: ListenOptions): Promise<RelayAddress>;
  /** Returns what {@link listen} does. @throws ERR_QUICPIPE_CLOSED unless the socket is open */
  address(): RelayAddress;
  /**
   * Returns the real address of the client that the app's HTTP server sees at this address, for rate limits per source;
   * `undefined` if the client did not come through this relay, or the relay's socket is not open.
   */
  sourceOf(address: string, port?: number): Address | undefined;
  /**
   * Returns the totals so far; after `close()`, the final ones. It uses neither `this` nor an argument, so that it can serve
   * as a route of the app: `app.get("/figures", relay.stats)`.
   *
   * @throws ERR_QUICPIPE_CLOSED before the socket was opened
   */
  stats(): RelayStats;
  /**
   * Returns the figures in Prometheus's text format, version 0.0.4, for a route or a listener of the app's own:
   * `text/plain; version=0.0.4`. It uses no `this`.
   *
   * @throws ERR_QUICPIPE_CLOSED unless the socket is open
   */
  metrics(): string;
  /**
   * Iterates over the registrations, in pages that leave the event loop its turns. A registration that begins or ends
   * meanwhile may be among them or not. Rates exist from the second sample on; sampling goes on for a minute after each
   * page.
   *
   * @throws ERR_QUICPIPE_CLOSED unless the socket is open; ERR_QUICPIPE_QUERY_INVALID
   */
  registrations(query?: RegistrationsQuery): AsyncIterable<RegistrationStats>;
  /**
   * Begins to close, for a server in front that closes first: refuses new registrations and messages, and ends long polls and
   * event streams. Registered peers are still forwarded. Resolves when no registration is left, after `graceMs` at the latest: at
   * once if absent. Idempotent; without effect unless the relay listens.
   */
  drain(options?: CloseOptions): Promise<void>;
  /**
   * Drains and closes the relay: refuses new registrations and messages with 503 and `Retry-After`, ends long polls and
   * event streams, waits for `graceMs`, then closes the socket. Idempotent: the first call's grace counts.
   */
  close(options?: CloseOptions): Promise<void>;
}
