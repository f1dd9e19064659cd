import { setTimeout as delay } from "node:timers/promises";
import * as defaults from "../../defaults/index.ts";
import { QuicpipeError } from "../../errors.ts";
import { http3Code } from "../../http3/index.ts";
import { formatAddress } from "../../wire/address.ts";
import { isLoopback } from "../../wire/ip.ts";
import { unknownSource } from "../../wire/source.ts";
import { consoleLogger, type Logger, silentLogger } from "../../log/logger.ts";
import { requireFromOne } from "../../option-checks.ts";
import { type KeyPair, requireKeyPair } from "../../files/pem.ts";
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

/** Options of {@link serveHttp3}. */
export interface Http3GatewayOptions extends KeyPair {
  /** Address to listen on; `127.0.0.1` if absent, because the relay owns the public port. */
  readonly host?: string;
  /** UDP port; 0 if absent, which takes a free one. */
  readonly port?: number;
  /**
   * Returns the real address of a client, to which limits per source apply; behind a relay
   * `(address, port) => relay.sourceOf(address, port)`. If absent, the address that the server sees counts. Clients on loopback
   * for which it returns nothing, and all for which it throws, are one source: behind a relay each has an address of its own there.
   */
  readonly sourceOf?: (address: string, port: number) => { readonly address: string } | null | undefined;
  /**
   * Flow control window of a new connection, in bytes, from 1; 32 KiB if absent. It grows with use. A client may have the
   * server take up to 80 times as much memory; above 104 KiB the budget counts less than 20 times as much, so that a lost packet
   * ends no connection. Raise it for uploading clients that respect no window, such as those of
   * `@currentspace/http3`.
   */
  readonly windowBytes?: number;
  /**
   * Connections at a time, from 1; 4096 if absent, as many as a relay has places for by default. Further ones are closed at once.
   * A source may have no more than are left for all others. Lower it where memory is short.
   */
  readonly maxConnections?: number;
  /**
   * New connections per second of one source (an IPv4 address or IPv6 /64), from 1; 32 if absent. Twice as many may come at
   * once, and all sources together may have 31 times as many. Raise it for many peers behind one address.
   */
  readonly connectionsPerSecond?: number;
  /** Bounds on what clients hold, shared by all servers that are given the same; if absent, the server has its own. */
  readonly budget?: Budget;
  /** Log for a limited number of lines of each kind; `console` if absent, none if `false`. */
  readonly logger?: Logger | false;
}

/** A running HTTP/3 server. The caller closes it, before the relay that its clients come through. */
export interface Http3Gateway extends AsyncDisposable {
  /** UDP port on loopback: the `upstream.port` of the relay. */
  readonly port: number;
  /** Returns the bytes held of the budget and the refusals by limit, for all servers that share it. */
  stats(): BudgetStats;
  /**
   * Tells the clients to ask for no more (GOAWAY), gives open requests 25 ms, closes every connection (CONNECTION_CLOSE,
   * H3_NO_ERROR), and stops. Idempotent.
   */
  close(): Promise<void>;
}

type QuicModule = Pick<typeof import("@currentspace/http3"), "createQuicServer">;

/**
 * Serves a fetch-style app over HTTP/3 on loopback. The app sees the address of each request's client as `request.ip`, from
 * which the relay learns a peer's public address. The memory and time that clients may take are bounded.
 *
 * @throws ERR_QUICPIPE_DEPENDENCY_MISSING without the optional package `@currentspace/http3`.
 * @throws ERR_QUICPIPE_OPTION_INVALID, naming the option, also if certificate and key do not parse or match.
 * @throws ERR_QUICPIPE_LISTEN_FAILED if the port is taken.
 */
export async function serveHttp3(app: Http3App, options: Http3GatewayOptions): Promise<Http3Gateway> {
  requireKeyPair(options);
  const { createQuicServer } = await importQuic();
  const { host = "127.0.0.1", port = 0, key, cert } = options;
  const windowBytes = requireFromOne("windowBytes", options.windowBytes, defaults.http3WindowBytes);
  const maxConnections = requireFromOne("maxConnections", options.maxConnections, defaults.maxGatewayClients);
  const clients = new Http3Clients(app, { ...options, windowBytes, maxConnections }, arrivalsOf(options));
  const server = new QuicServer(
    createQuicServer({
      key: pem(key),
      cert: pem(cert),
      alpn: ["h3"],
      // A client at a spoofed address gets no further than a Retry (RFC 9000 §8.1.2).
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
  const end = (): Promise<void> => (closing ??= close(server, clients));
  return { port: server.port, stats: () => clients.stats(), close: end, [Symbol.asyncDispose]: end };
}

async function close(server: QuicServer, clients: Http3Clients): Promise<void> {
  await clients.end();
  await server.close();
  clients.close();
}

interface ClientsOptions extends Pick<Http3GatewayOptions, "sourceOf" | "budget" | "logger"> {
  readonly windowBytes: number;
  readonly maxConnections: number;
}

/** The clients that are connected. */
class Http3Clients {
  readonly #app: Http3App;
  readonly #options: ClientsOptions;
  readonly #budget: Budget;
  readonly #faults: Faults;
  readonly #arrivals: Arrivals;
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

  constructor(app: Http3App, options: ClientsOptions, arrivals: Arrivals) {
    this.#app = app;
    this.#options = options;
    this.#arrivals = arrivals;
    this.#budget = options.budget ?? new Budget();
    const { logger = consoleLogger(console) } = options;
    this.#faults = new Faults(logger || silentLogger, Date.now);
  }

  /** Starts to end clients that are slow or send too much. */
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
    if (this.#isEnding) return tellGoodbye(connection);
    const address = this.#sourceOf(connection);
    const faults = this.#faults.of(address);
    if (!this.#arrivals.take(address, performance.now())) {
      this.#budget.refuse("arrivals");
      return turnAway(connection, faults, "a source connects too often");
    }
    const budget = this.#budget.connect(address, this.#options.maxConnections - this.#connections.size);
    if (!budget) return turnAway(connection, faults, "a source has too many connections");
    const client = new Http3Connection({
      connection,
      budget,
      faults,
      windowBytes: this.#options.windowBytes,
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
    this.#faults.flush();
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

/** @throws ERR_QUICPIPE_OPTION_INVALID if `connectionsPerSecond` is out of range. */
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

function tellGoodbye(connection: QuicConnection): undefined {
  connection.close(http3Code.noError);
}

/** Returns PEM as bytes. Text becomes UTF-8. */
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
