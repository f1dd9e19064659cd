import { setTimeout as delay } from "node:timers/promises";
import type { H3, H3Event, H3Plugin } from "h3";
import * as defaults from "../defaults/index.ts";
import { QuicpipeError, type QuicpipeErrorCode } from "../errors.ts";
import { maxStatsLimit, type RegistrationStats, type StatsOrder } from "../protocol.ts";
import type { Address } from "../wire/address.ts";
import { Log } from "./log.ts";
import { consoleFamily } from "./console/routes.ts";
import { optionInvalid } from "../option-checks.ts";
import type { QuicpipeOptions, UpstreamOptions } from "./options/options.ts";
import { presentable } from "./http/problem.ts";
import { addRoutes } from "./routes/app-routes.ts";
import type { RouteFamily } from "./routes/route.ts";
import { api } from "./routes/api.ts";
import { answer, pathIn } from "./routes/router.ts";
import { type Service, openService } from "./service.ts";
import { type Settings, resolveSettings, resolveUpstream } from "./options/settings.ts";
import { type RelayStats, relayStats } from "./stats/stats.ts";
import { searchPage } from "./stats/page.ts";
import { statsQuery } from "./stats/query.ts";

/** Options of {@link Relay.listen}. */
export interface ListenOptions {
  /** The app's HTTP/3 server, in place of the option `upstream`: for a server that takes a free port. Requests wait for it. */
  readonly upstream?: UpstreamOptions | Promise<UpstreamOptions>;
}

/** Options of {@link Relay.close}. */
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

/** A relay: h3 middleware, and the handle of its sockets and state. The caller of {@link quicpipe} closes it. */
export interface Relay extends AsyncDisposable {
  /** h3 middleware: answers the relay's own paths and passes all others to the app. */
  (event: H3Event, next: () => unknown): unknown;
  /**
   * Does the same by routes of the app: `app.register(relay.plugin)` in place of `app.use(relay)`. So the app's router,
   * `h3/tracing` and middleware see each route, with `operationId` and `summary` of the OpenAPI description as its meta.
   */
  readonly plugin: H3Plugin;
  /**
   * Opens the public UDP socket and returns its address. Otherwise the first request to a path of the relay opens it. No
   * request can come through a closed socket, so a relay behind an HTTP/3 gateway has to listen; so has a relay with pins,
   * whose packets are to go on at once. Idempotent.
   *
   * @throws ERR_QUICPIPE_LISTEN_FAILED, after which it may be retried; ERR_QUICPIPE_CLOSED; ERR_QUICPIPE_BACKEND_UNAVAILABLE
   *   if the native backend is required and cannot run; ERR_QUICPIPE_OPTION_INVALID and ERR_QUICPIPE_STATE_UNAVAILABLE if
   *   the development key cannot be used; ERR_QUICPIPE_OPTION_INVALID for an `upstream` that is not the first one, or that
   *   comes once the socket is open
   */
  listen(options?: ListenOptions): Promise<Address>;
  /** Returns the address of the public UDP socket. @throws ERR_QUICPIPE_CLOSED unless the socket is open */
  address(): Address;
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
   * Iterates over the registrations, in pages that leave the event loop its turns. A registration that begins or ends
   * meanwhile may be among them or not. Rates exist from the second sample on; sampling goes on for a minute after each
   * page.
   *
   * @throws ERR_QUICPIPE_CLOSED unless the socket is open; ERR_QUICPIPE_QUERY_INVALID
   */
  registrations(query?: RegistrationsQuery): AsyncIterable<RegistrationStats>;
  /**
   * Begins to close, for a server in front that closes first: refuses new registrations and messages, and ends long polls and
   * event streams. Registered peers are still forwarded. Idempotent; without effect unless the relay listens.
   */
  drain(): void;
  /**
   * Drains and closes the relay: refuses new registrations and messages with 503 and `Retry-After`, ends long polls and
   * event streams, waits for `graceMs`, then closes the socket. Idempotent: the first call's grace counts.
   */
  close(options?: CloseOptions): Promise<void>;
}

/**
 * Creates a relay for an h3 app: `app.use(quicpipe())`, or `app.register(quicpipe().plugin)`.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID; ERR_QUICPIPE_AUTH_REQUIRED without `auth` if `NODE_ENV` is "production"
 * @example
 * const relay = quicpipe({ upstream: { port: 4434 }, auth: { jwks: "https://issuer.example/jwks.json" } });
 * const app = new H3().use(relay);
 * await relay.listen();
 */
export function quicpipe(options?: QuicpipeOptions): Relay {
  const settings = resolveSettings(options, process.env);
  const control = new RelayControl(settings);
  return Object.assign(
    (event: H3Event, next: () => unknown): unknown => {
      for (const family of families) {
        const path = pathIn(family, family.rootOf(settings), event.url.pathname);
        if (path !== undefined) return control.respond(family, event, path);
      }
      return next();
    },
    {
      plugin(app: H3): void {
        for (const family of families) {
          const root = family.rootOf(settings);
          if (root !== undefined)
            addRoutes(app, family, root, (event, path) => control.respond(family, event, path));
        }
      },
      listen: (listenOptions?: ListenOptions) => control.listen(listenOptions),
      address: () => control.address(),
      sourceOf: (address: string, port?: number) => control.sourceOf(address, port),
      stats: () => control.stats(),
      registrations: (query?: RegistrationsQuery) => control.registrations(query),
      drain: () => control.drain(),
      close: (closeOptions?: CloseOptions) => control.close(closeOptions),
      [Symbol.asyncDispose]: () => control.close(),
    },
  );
}

const families: readonly RouteFamily[] = [api, consoleFamily];

class RelayControl {
  readonly #settings: Settings;
  readonly #log: Log;
  readonly #refused = new Map<QuicpipeErrorCode, number>();
  #opening: Promise<Service> | undefined;
  #service: Service | undefined;
  #closing: Promise<void> | undefined;
  /** Time of `performance.now()` until which requests do not retry to open the socket. */
  #failedUntilMs = -Infinity;
  #lastStats: RelayStats | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#log = new Log(settings.logger, Date.now);
  }

  async listen({ upstream }: ListenOptions = {}): Promise<Address> {
    if (this.#closing) throw closed("was closed: make a new one");
    if (upstream && (this.#opening || this.#settings.upstream))
      throw optionInvalid("upstream", upstream, "named once, before the socket is open");
    this.#opening ??= this.#open(upstream);
    try {
      this.#service = await this.#opening;
    } catch (error) {
      this.#opening = undefined;
      throw error;
    }
    return this.#service.forwarder.address();
  }

  async #open(upstream: ListenOptions["upstream"]): Promise<Service> {
    const settings = upstream
      ? { ...this.#settings, upstream: resolveUpstream(await upstream) }
      : this.#settings;
    return await openService({ settings, log: this.#log, refused: this.#refused, now: Date.now });
  }

  address(): Address {
    return this.#running().forwarder.address();
  }

  sourceOf(address: string, port: number | undefined): Address | undefined {
    const client = this.#service?.forwarder.clientOf(address, port);
    return client && { address: client.address, port: client.port };
  }

  stats(): RelayStats {
    return this.#lastStats ?? relayStats(this.#running());
  }

  async *registrations({ order, filter }: RegistrationsQuery = {}): AsyncGenerator<RegistrationStats> {
    for (let after: string | null | undefined; after !== null;) {
      const service = this.#running();
      service.rates.ask();
      const query = statsQuery({ limit: String(maxStatsLimit), order, filter, after });
      const { registrations, next } = await searchPage(service, query);
      yield* registrations;
      after = next;
    }
  }

  drain(): void {
    this.#service?.drain();
  }

  close({ graceMs = defaults.closeGraceMs }: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(graceMs);
    return this.#closing;
  }

  async respond(family: RouteFamily, event: H3Event, path: string): Promise<Response> {
    const response = await this.#answer(family, event, path);
    for (const [name, value] of Object.entries(family.headers)) response.headers.set(name, value);
    return response;
  }

  async #answer(family: RouteFamily, event: H3Event, path: string): Promise<Response> {
    try {
      return await answer(family, event, path, await this.#opened());
    } catch (error) {
      const problem = presentable(error, this.#log);
      this.#log.write("debug", "request-refused", "a request was refused", {
        code: problem.code,
        method: event.req.method,
      });
      this.#refused.set(problem.code, (this.#refused.get(problem.code) ?? 0) + 1);
      return family.refuse(problem, event, path);
    }
  }

  /** Returns the parts of the relay; opens them at the first request. */
  async #opened(): Promise<Service> {
    if (this.#service || this.#closing) return this.#running();
    if (performance.now() < this.#failedUntilMs) throw closed(cannotOpen);
    try {
      await this.listen();
    } catch (err) {
      // Any client's request gets here, without a token, and each attempt costs system calls.
      this.#failedUntilMs = performance.now() + defaults.openCooldownMs;
      this.#log.write("error", "listen-failed", "the relay could not open its socket at a request", { err });
      throw closed(cannotOpen);
    }
    return this.#running();
  }

  #running(): Service {
    if (this.#service) return this.#service;
    throw closed(this.#closing ? "was closed" : "has no open socket yet: call listen()");
  }

  async #close(graceMs: number): Promise<void> {
    // If it failed to listen, the caller of listen() got the error, and there is nothing to close.
    await Promise.allSettled([this.#opening]);
    const service = this.#service;
    if (!service) return;
    const hasWaits = service.waiters.size > 0;
    service.drain();
    const endAtMs = performance.now() + graceMs;
    // The answers to the waits that have just ended leave through the relay's socket.
    if (hasWaits) await delay(Math.min(defaults.drainPollMs, graceMs));
    while (service.registry.stats().registrations > 0 && performance.now() < endAtMs)
      await delay(Math.min(defaults.drainPollMs, endAtMs - performance.now()));
    this.#lastStats = this.stats();
    this.#service = undefined;
    await service.close();
    this.#log.flush();
  }
}

const cannotOpen = "could not open its socket: its log says why";

function closed(state: string): QuicpipeError {
  return new QuicpipeError("ERR_QUICPIPE_CLOSED", `the relay ${state}`);
}
