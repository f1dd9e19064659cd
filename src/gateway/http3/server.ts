import { setTimeout as delay } from "node:timers/promises";
import * as defaults from "../../defaults/index.ts";
import { QuicpipeError } from "../../errors.ts";
import { http3Code } from "../../http3/index.ts";
import { formatAddress } from "../../wire/address.ts";
import { consoleLogger, type Logger, silentLogger } from "../../log/logger.ts";
import { requireFromOne } from "../../option-checks.ts";
import { requireKeyPair } from "../../files/pem.ts";
import { Arrivals, scaleArrivals } from "../budget/arrivals.ts";
import { Budget, type BudgetStats } from "../budget/budget.ts";
import { Faults, type SourceFaults } from "../exchange/faults.ts";
import { Http3Connection } from "./connection.ts";
import type { QuicConnection } from "./quic-connection.ts";
import { QuicServer } from "./quic-server.ts";

/** An application with the `fetch` of the web platform, such as an `h3` app. */
export interface Http3App {
  fetch(request: Request): Response | Promise<Response>;
}

/** How {@link serveHttp3} serves. */
export interface Http3GatewayOptions {
  /** Private key, PEM. */
  readonly key: string | Buffer;
  /** Certificate chain, PEM, leaf first. */
  readonly cert: string | Buffer;
  /** Where to listen; `127.0.0.1` if absent, as the relay owns the public port. */
  readonly host?: string;
  /** UDP port; 0, a free one, if absent. */
  readonly port?: number;
  /**
   * Tells the real address of a client, `(address, port) => relay.sourceOf(address, port)` behind a relay: what one source
   * may hold is limited. Where it is absent or knows nothing, the address that the server sees counts.
   */
  readonly sourceOf?: (address: string, port: number) => { readonly address: string } | undefined;
  /**
   * Bytes that a client may have under way on a new connection, from 1; 32 KiB if absent. It grows with use. A client may have
   * the server take up to 80 times as much memory. More is for clients that upload and keep to no window, as those of
   * `@currentspace/http3` do.
   */
  readonly windowBytes?: number;
  /**
   * New connections per second of one source, an IPv4 address or an IPv6 /64, from 1; 32 if absent. Twice as many may come at
   * once, and all sources together have 31 times as many. More is for many peers behind one address.
   */
  readonly connectionsPerSecond?: number;
  /** What clients may hold, shared with other servers that are given the same; one of its own if absent. */
  readonly budget?: Budget;
  /** Where a few lines go, a limited number of each kind; `console` if absent, nowhere if `false`. */
  readonly logger?: Logger | false;
}

/** A running HTTP/3 server. Whoever started it closes it, before the relay that its clients come through. */
export interface Http3Gateway {
  /** The UDP port on loopback: the `upstream.port` of the relay. */
  readonly port: number;
  /** What clients hold of the budget now, and how often which of its limits was met; that of all servers that share it. */
  stats(): BudgetStats;
  /** Tells every client that it ends (CONNECTION_CLOSE, H3_NO_ERROR), and stops. Idempotent. */
  close(): Promise<void>;
}

type QuicModule = Pick<typeof import("@currentspace/http3"), "createQuicServer">;

/**
 * Serves a fetch-style app over HTTP/3 on loopback, and tells it each request's client address as `request.ip`, which is how
 * the relay learns a peer's public address. What clients may hold and how long they may take is bounded.
 *
 * @throws ERR_QUICPIPE_DEPENDENCY_MISSING without the optional package `@currentspace/http3`.
 * @throws ERR_QUICPIPE_OPTION_INVALID, naming the option, also if certificate and key do not parse or fit.
 * @throws ERR_QUICPIPE_LISTEN_FAILED if the port is taken.
 */
export async function serveHttp3(app: Http3App, options: Http3GatewayOptions): Promise<Http3Gateway> {
  requireKeyPair(options);
  const { createQuicServer } = await importQuic();
  const { host = "127.0.0.1", port = 0, key, cert } = options;
  const windowBytes = requireFromOne("windowBytes", options.windowBytes, defaults.http3WindowBytes);
  const clients = new Http3Clients(app, options, arrivalsOf(options));
  const server = new QuicServer(
    createQuicServer({
      key: pem(key),
      cert: pem(cert),
      alpn: ["h3"],
      // Who comes from a made-up address gets no further than a Retry (RFC 9000 §8.1.2).
      disableRetry: false,
      // A client whose NAT gives it a new port keeps its connection (RFC 9000 §9).
      disableActiveMigration: false,
      initialMaxData: windowBytes,
      initialMaxStreamsBidi: defaults.maxHttp3Streams,
    }),
    clients,
  );
  await server.listen(port, host);
  clients.watch();
  let closing: Promise<void> | undefined;
  return {
    port: server.port,
    stats: () => clients.stats(),
    close: () => (closing ??= close(server, clients)),
  };
}

async function close(server: QuicServer, clients: Http3Clients): Promise<void> {
  await clients.end();
  await server.close();
  clients.close();
}

/** Everybody who is connected. */
class Http3Clients {
  readonly #app: Http3App;
  readonly #options: Http3GatewayOptions;
  readonly #budget: Budget;
  readonly #faults: Faults;
  readonly #arrivals: Arrivals;
  readonly #connections = new Set<Http3Connection>();
  /**
   * Of each address and port the newest connection. The library goes on naming the address at which a connection began: an
   * older one may have moved since, without a sign that the relay could see, and the address be somebody else's.
   */
  readonly #newest = new Map<string, Http3Connection>();
  #timers: readonly NodeJS.Timeout[] = [];
  /** Who is looked at next. */
  #next: Iterator<Http3Connection> = this.#connections.values();
  #alarmedUntilMs = -Infinity;

  constructor(app: Http3App, options: Http3GatewayOptions, arrivals: Arrivals) {
    this.#app = app;
    this.#options = options;
    this.#arrivals = arrivals;
    this.#budget = options.budget ?? new Budget();
    const { logger = consoleLogger(console) } = options;
    this.#faults = new Faults(logger || silentLogger, Date.now);
  }

  /** From now on what takes too long or too much is ended. */
  watch(): void {
    this.#timers = [
      setInterval(() => this.#sweep(), defaults.gatewaySweepMs).unref(),
      setInterval(() => this.#look(), defaults.strayLookMs).unref(),
    ];
  }

  stats(): BudgetStats {
    return this.#budget.stats();
  }

  connected(connection: QuicConnection): Http3Connection | undefined {
    const address = this.#sourceOf(connection);
    const faults = this.#faults.of(address);
    if (!this.#arrivals.take(address, performance.now())) {
      this.#budget.refuse("arrivals");
      return turnAway(connection, faults, "a source connects too often");
    }
    const budget = this.#budget.connect(address);
    if (!budget) return turnAway(connection, faults, "a source has too many connections");
    const client = new Http3Connection({
      connection,
      budget,
      faults,
      fetch: (request) => this.#app.fetch(request),
      onClosed: () => this.#closed(client, name),
      now: () => performance.now(),
    });
    const name = formatAddress(connection);
    this.#newest.get(name)?.superseded();
    this.#newest.set(name, client);
    this.#connections.add(client);
    return client;
  }

  failed(error: unknown): void {
    this.#faults.write("info", "connection-failed", "the HTTP/3 server reported an error", {
      why: String(error),
    });
  }

  /** Ends every connection, with its last words. */
  async end(): Promise<void> {
    for (const client of this.#connections) client.goAway();
    // What a connection that has ended has not sent is lost.
    await delay(defaults.lastWordsMs);
    for (const client of this.#connections) client.end(http3Code.noError);
    // And what it was told in this turn is not said yet.
    await delay(defaults.lastWordsMs);
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#faults.flush();
  }

  #closed(client: Http3Connection, name: string): void {
    this.#connections.delete(client);
    if (this.#newest.get(name) === client) this.#newest.delete(name);
  }

  #sourceOf({ address, port }: QuicConnection): string {
    try {
      return this.#options.sourceOf?.(address, port)?.address ?? address;
    } catch (err) {
      // Such as a relay that is not made yet: what is thrown here would end the process.
      this.failed(err);
      // All together have one source's share: behind a relay the address that is seen is made up for each of them.
      return "unknown";
    }
  }

  #sweep(): void {
    const nowMs = performance.now();
    for (const client of this.#connections) client.sweep(nowMs);
  }

  /** Each look waits for the library's thread, so a few connections have their turn at a time. */
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

/** @throws ERR_QUICPIPE_OPTION_INVALID if `connectionsPerSecond` is no such number. */
function arrivalsOf({ connectionsPerSecond }: Http3GatewayOptions): Arrivals {
  const limits = defaults.http3Arrivals;
  const { perSecond: usual } = limits.perSource;
  const perSecond = requireFromOne("connectionsPerSecond", connectionsPerSecond, usual);
  return new Arrivals(scaleArrivals(limits, perSecond / usual), performance.now());
}

function turnAway(connection: QuicConnection, faults: SourceFaults, why: string): undefined {
  faults.write("info", "over-budget", why);
  connection.close(http3Code.excessiveLoad);
}

/** A PEM file that is read as text may come with a Windows line ending; bytes are taken as they are. */
function pem(value: string | Buffer): Buffer {
  return typeof value === "string" ? Buffer.from(value) : value;
}

async function importQuic(): Promise<QuicModule> {
  try {
    return await import("@currentspace/http3");
  } catch (cause) {
    throw new QuicpipeError(
      "ERR_QUICPIPE_DEPENDENCY_MISSING",
      "serving HTTP/3 needs the package @currentspace/http3: run `npm install @currentspace/http3`, or put another HTTP/3 server in front of the app",
      { cause },
    );
  }
}
