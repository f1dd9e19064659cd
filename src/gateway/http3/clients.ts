import { setTimeout as delay } from "node:timers/promises";
import * as defaults from "../../defaults/index.ts";
import { http3Code } from "../../http3/index.ts";
import { formatAddress, isLoopback } from "../../wire/address.ts";
import { unknownSource } from "../../wire/source.ts";
import type { Arrivals } from "../budget/arrivals.ts";
import type { Budget } from "../budget/budget.ts";
import { Places } from "../budget/places.ts";
import type { Faults, SourceFaults } from "../exchange/faults.ts";
import { Http3Connection, type Http3ConnectionOptions } from "./connection.ts";
import type { QuicConnection } from "./quic-connection.ts";
import type { QuicServerHandler } from "./quic-server.ts";

/** Options of {@link Http3Clients}. */
export interface Http3ClientsOptions extends Pick<Http3ConnectionOptions, "app" | "windowBytes"> {
  /** Returns the real address of a client, if it is known. */
  readonly sourceOf:
    | ((address: string, port: number) => { readonly address: string } | null | undefined)
    | undefined;
  readonly maxConnections: number;
  readonly arrivals: Arrivals;
  readonly budget: Budget;
  readonly faults: Faults;
}

/** The connections of all clients. It admits new ones and ends those that are slow or send too much. */
export class Http3Clients implements QuicServerHandler {
  readonly #options: Http3ClientsOptions;
  readonly #places: Places;
  readonly #connections = new Set<Http3Connection>();
  /**
   * The newest connection of each address and port. The library keeps reporting the address at which a connection began. An
   * older one may have moved since, unseen by the relay, and its address may be another client's.
   */
  readonly #newest = new Map<string, Http3Connection>();
  #timers: readonly NodeJS.Timeout[] = [];
  /** Connections left in this round of looks. */
  #next: Iterator<Http3Connection> = this.#connections.values();
  #alarmedUntilMs = -Infinity;
  #isEnding = false;

  constructor(options: Http3ClientsOptions) {
    this.#options = options;
    this.#places = new Places(options.maxConnections);
  }

  /** Starts to end clients that are slow or send too much. */
  watch(): void {
    this.#timers = [
      setInterval(() => this.#sweep(), defaults.gatewaySweepMs).unref(),
      setInterval(() => this.#look(), defaults.strayLookMs).unref(),
    ];
  }

  connected(connection: QuicConnection): Http3Connection | undefined {
    if (this.#isEnding) return close(connection, http3Code.noError);
    const { arrivals, budget } = this.#options;
    const address = this.#sourceOf(connection);
    const faults = this.#options.faults.of(address);
    if (!arrivals.take(address, performance.now())) {
      budget.refuse("arrivals");
      return turnAway(connection, faults, "a source connects too often");
    }
    const share = budget.connect(address, this.#places);
    if (!share) return turnAway(connection, faults, "a source has too many connections");
    const name = formatAddress(connection);
    const client: Http3Connection = new Http3Connection({
      connection,
      budget: share,
      faults,
      windowBytes: this.#options.windowBytes,
      app: this.#options.app,
      onClosed: () => this.#closed(client, name),
      onAbuse: () => arrivals.abused(address, performance.now()),
      now: () => performance.now(),
    });
    share.place.onGivenUp = () => client.makeWay();
    this.#newest.get(name)?.superseded();
    this.#newest.set(name, client);
    this.#connections.add(client);
    return client;
  }

  failed(error: unknown): void {
    this.#options.faults.write("info", "connection-failed", "the HTTP/3 server reported an error", {
      why: String(error),
    });
  }

  /** Sends GOAWAY on every connection, then closes it. New ones are closed at once. */
  async end(): Promise<void> {
    this.#isEnding = true;
    for (const client of this.#connections) client.goAway();
    // Closing loses unsent bytes, so GOAWAY and the answers to open requests get time to leave.
    await delay(defaults.lastWordsMs);
    for (const client of this.#connections) client.end(http3Code.noError);
    // The CONNECTION_CLOSE leaves in a later turn too.
    await delay(defaults.lastWordsMs);
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#options.faults.flush();
  }

  #closed(client: Http3Connection, name: string): void {
    this.#connections.delete(client);
    if (this.#newest.get(name) === client) this.#newest.delete(name);
  }

  #sourceOf({ address, port }: QuicConnection): string {
    const { sourceOf } = this.#options;
    if (!sourceOf) return address;
    try {
      return sourceOf(address, port)?.address ?? (isLoopback(address) ? unknownSource : address);
    } catch (err) {
      // For example, the relay does not exist yet. An exception here would end the process.
      this.failed(err);
      return unknownSource;
    }
  }

  #sweep(): void {
    const nowMs = performance.now();
    for (const client of this.#connections) client.sweep(nowMs);
  }

  /** Looks at a few connections in turn, because each look waits for the library's thread. */
  #look(): void {
    const startedAtMs = performance.now();
    const isAlarmed = startedAtMs < this.#alarmedUntilMs;
    const limitMs = isAlarmed ? defaults.maxAlarmedLookMs : defaults.maxLookMs;
    let left = (this.#connections.size * defaults.strayLookMs) / defaults.unseenLookMs;
    for (let nowMs = startedAtMs; left > 0 && nowMs - startedAtMs < limitMs; left--) {
      const { value, done } = this.#next.next();
      if (done) this.#next = this.#connections.values();
      else if (value.look(nowMs)) this.#alarmedUntilMs = nowMs + defaults.lookAlarmMs;
      nowMs = performance.now();
    }
  }
}

function turnAway(connection: QuicConnection, faults: SourceFaults, why: string): undefined {
  faults.write("info", "over-budget", why);
  return close(connection, http3Code.excessiveLoad);
}

function close(connection: QuicConnection, code: number): undefined {
  connection.close(code);
}
