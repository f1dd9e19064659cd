import { setTimeout as delay } from "node:timers/promises";
import type { H3Event } from "h3";
import * as defaults from "../defaults/index.ts";
import { type ErrorDetails, QuicpipeError, type QuicpipeErrorCode } from "../errors.ts";
import { maxStatsLimit, type RegistrationStats } from "../protocol.ts";
import type { Address } from "../wire/address.ts";
import { SocketWatch } from "./health/socket-watch.ts";
import { Log } from "./log.ts";
import type { OpenMailbox } from "./mailbox/mailbox.ts";
import { metricsPage } from "./metrics/page.ts";
import { optionError, range, requireInteger, requireOptions } from "../option-checks.ts";
import type { CloseOptions, ListenOptions, RegistrationsQuery } from "./relay.ts";
import { presentable } from "./http/problem.ts";
import type { RouteFamily } from "./routes/route.ts";
import { answer } from "./routes/router.ts";
import { type Service, openService } from "./service.ts";
import { type Settings, resolveUpstream } from "./options/settings.ts";
import { type RelayAddress, relayAddress, type RelayStats, relayStats } from "./stats/stats.ts";
import { searchPage } from "./stats/page.ts";
import { statsQuery } from "./stats/query.ts";

const graceRange = range(0, defaults.closeGraceMs, defaults.maxTimerMs);

/** One relay from its creation to its end. Its parts are opened by `listen`, or by the first request. */
export class RelayControl {
  readonly #settings: Settings;
  readonly #openMailbox: OpenMailbox;
  readonly #log: Log;
  readonly #refused = new Map<QuicpipeErrorCode, number>();
  #opening: Promise<Service> | undefined;
  #service: Service | undefined;
  #closing: Promise<void> | undefined;
  /** Whether the app has called `listen()`, and so is to close the relay. Until then the app may end without. */
  #isHeld = false;
  /** Time of `performance.now()` until which requests do not retry to open the socket. */
  #failedUntilMs = -Infinity;
  #lastStats: RelayStats | undefined;

  constructor(settings: Settings, openMailbox: OpenMailbox) {
    this.#settings = settings;
    this.#openMailbox = openMailbox;
    this.#log = new Log(settings.logger, Date.now);
  }

  async listen(options?: ListenOptions): Promise<RelayAddress> {
    const { upstream } = requireOptions("listen(…)", options, { upstream: true });
    if (this.#closing) throw closed("closed", "was closed: make a new one");
    if (upstream && this.#settings.upstream)
      throw optionError(
        "upstream",
        "leave out the option upstream of quicpipe(): listen() gets one, as serve() does it",
      );
    if (upstream && this.#opening)
      throw optionError(
        "upstream",
        "the socket is open without upstream: call serve(), or listen({ upstream }), before anything else opens it",
      );
    this.#isHeld = true;
    return relayAddress(await this.#opened(upstream));
  }

  /** Returns the parts of the relay; opens them if they are not open. */
  async #opened(upstream?: ListenOptions["upstream"]): Promise<Service> {
    this.#opening ??= this.#open(upstream);
    try {
      this.#service = await this.#opening;
    } catch (error) {
      this.#opening = undefined;
      this.#isHeld = false;
      throw error;
    }
    const { forwarder } = this.#service;
    if (this.#isHeld) forwarder.ref();
    else forwarder.unref();
    return this.#service;
  }

  async #open(upstream: ListenOptions["upstream"]): Promise<Service> {
    const settings = upstream
      ? { ...this.#settings, upstream: resolveUpstream(await upstream) }
      : this.#settings;
    return await openService({
      settings,
      log: this.#log,
      openMailbox: this.#openMailbox,
      refused: this.#refused,
      socketWatch: new SocketWatch(),
      now: Date.now,
    });
  }

  address(): RelayAddress {
    return relayAddress(this.#running());
  }

  sourceOf(address: string, port: number | undefined): Address | undefined {
    const client = this.#service?.forwarder.clientOf(address, port);
    return client && { address: client.address, port: client.port };
  }

  stats(): RelayStats {
    return this.#lastStats ?? relayStats(this.#running());
  }

  metrics(): string {
    return metricsPage(this.#running());
  }

  async *registrations(given?: RegistrationsQuery): AsyncGenerator<RegistrationStats> {
    const { order, filter } = requireOptions("registrations(…)", given, { order: true, filter: true });
    for (let after: string | null | undefined; after !== null;) {
      const service = this.#running();
      service.rates.ask();
      const query = statsQuery({ limit: String(maxStatsLimit), order, filter, after });
      const { registrations, next } = await searchPage(service, query);
      yield* registrations;
      after = next;
    }
  }

  async drain(options?: CloseOptions): Promise<void> {
    const { graceMs } = requireOptions("drain(…)", options, { graceMs: true });
    const forMs = requireInteger("graceMs", graceMs, graceRange);
    if (this.#service) await this.#drained(this.#service, forMs);
  }

  async close(options?: CloseOptions): Promise<void> {
    const { graceMs } = requireOptions("close(…)", options, { graceMs: true });
    this.#closing ??= this.#close(requireInteger("graceMs", graceMs, graceRange));
    await this.#closing;
  }

  /** Drains, and waits until no registration is left, for `graceMs` at most. */
  async #drained(service: Service, graceMs: number): Promise<void> {
    const hasWaits = service.waiters.size > 0;
    service.drain();
    const endAtMs = performance.now() + graceMs;
    // The answers to the waits that have just ended leave through the relay's socket.
    if (hasWaits) await delay(Math.min(defaults.drainPollMs, graceMs));
    while (service.registry.stats().registrations > 0 && performance.now() < endAtMs)
      await delay(Math.min(defaults.drainPollMs, endAtMs - performance.now()));
  }

  async respond(family: RouteFamily, event: H3Event, path: string): Promise<Response> {
    const response = await this.#answer(family, event, path);
    for (const [name, value] of Object.entries(family.headers)) response.headers.set(name, value);
    return response;
  }

  async #answer(family: RouteFamily, event: H3Event, path: string): Promise<Response> {
    try {
      return await answer(family, event, path, await this.#asked());
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
  async #asked(): Promise<Service> {
    if (this.#service || this.#closing) return this.#running();
    if (performance.now() < this.#failedUntilMs) throw closed("socket-lost", cannotOpen);
    try {
      await this.#opened();
    } catch (err) {
      // Any client's request gets here, without a token, and each attempt costs system calls.
      this.#failedUntilMs = performance.now() + defaults.openCooldownMs;
      this.#log.write("error", "listen-failed", "the relay could not open its socket at a request", { err });
      throw closed("socket-lost", cannotOpen);
    }
    return this.#running();
  }

  #running(): Service {
    if (this.#service) return this.#service;
    throw this.#closing
      ? closed("closed", "was closed")
      : closed("not-open", "has no open socket yet: call listen()");
  }

  async #close(graceMs: number): Promise<void> {
    // If it failed to listen, the caller of listen() got the error, and there is nothing to close.
    await Promise.allSettled([this.#opening]);
    const service = this.#service;
    if (!service) return;
    await this.#drained(service, graceMs);
    this.#lastStats = this.stats();
    this.#service = undefined;
    await service.close();
    this.#log.flush();
  }
}

const cannotOpen = "could not open its socket: its log says why";

function closed(
  reason: ErrorDetails["ERR_QUICPIPE_CLOSED"]["reason"] & string,
  state: string,
): QuicpipeError {
  return new QuicpipeError("ERR_QUICPIPE_CLOSED", `the relay ${state}`, { details: { reason } });
}
