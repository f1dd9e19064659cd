import { setTimeout as delay } from "node:timers/promises";
import type { H3Event } from "h3";
import * as defaults from "../defaults/index.ts";
import { QuicpipeError, type QuicpipeErrorCode } from "../errors.ts";
import { maxStatsLimit, type RegistrationStats } from "../protocol.ts";
import type { Address } from "../wire/address.ts";
import { Log } from "./log.ts";
import { optionInvalid } from "../option-checks.ts";
import type { CloseOptions, ListenOptions, RegistrationsQuery } from "./relay.ts";
import { presentable } from "./http/problem.ts";
import type { RouteFamily } from "./routes/route.ts";
import { answer } from "./routes/router.ts";
import { type Service, openService } from "./service.ts";
import { type Settings, resolveUpstream } from "./options/settings.ts";
import { type RelayStats, relayStats } from "./stats/stats.ts";
import { searchPage } from "./stats/page.ts";
import { statsQuery } from "./stats/query.ts";

/** One relay from its creation to its end. Its parts are opened by `listen`, or by the first request. */
export class RelayControl {
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
