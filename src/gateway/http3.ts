import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import * as defaults from "../defaults.ts";
import { QuicpipeError } from "../errors.ts";
import { http3Code } from "../http3/index.ts";
import { consoleLogger, type Logger, silentLogger } from "../logger.ts";
import { Budget, type BudgetStats } from "./budget.ts";
import { Faults } from "./faults.ts";
import { Http3Connection } from "./http3-connection.ts";
import { takePieces } from "./http3-pieces.ts";

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
  /** UDP port (and TCP port, for HTTP/2); 0, a free one, if absent. */
  readonly port?: number;
  /**
   * Tells the real address of a client, `(address, port) => relay.sourceOf(address, port)` behind a relay: what one source
   * may hold is limited. Where it is absent or knows nothing, the address that the server sees counts.
   */
  readonly sourceOf?: (address: string, port: number) => { readonly address: string } | undefined;
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

type Http3Module = typeof import("@currentspace/http3");
type Http3Server = import("@currentspace/http3").Http3SecureServer;

/**
 * Serves a fetch-style app over HTTP/3 (and HTTP/2 over TCP) on loopback, and tells it each request's
 * client address as `request.ip`, which is how the relay learns a peer's public address. What clients may hold and how
 * long they may take is bounded.
 *
 * @throws ERR_QUICPIPE_DEPENDENCY_MISSING without the optional package `@currentspace/http3`.
 * @throws ERR_QUICPIPE_LISTEN_FAILED if the port is taken or the certificate does not load.
 */
export async function serveHttp3(app: Http3App, options: Http3GatewayOptions): Promise<Http3Gateway> {
  const { createSecureServer } = await importHttp3();
  const { host = "127.0.0.1", port = 0, key, cert } = options;
  const server = createSecureServer({
    key: pem(key),
    cert: pem(cert),
    // Active migration stays on: a client whose NAT gives it a new port keeps its connection (RFC 9000 §9).
    disableActiveMigration: false,
    initialMaxData: defaults.http3WindowBytes,
    initialMaxStreamsBidi: defaults.maxHttp3Streams,
    // Each of the library's own looks at a connection stops the event loop until its thread answers.
    metricsIntervalMs: 0,
  });
  const clients = new Http3Clients(app, options);
  clients.attach(server);
  await listening(server, port, host);
  clients.watch(server);
  return {
    port: server.address()!.port,
    stats: () => clients.stats(),
    close: () => clients.close(server),
  };
}

/** Everybody who is connected. */
class Http3Clients {
  readonly #app: Http3App;
  readonly #options: Http3GatewayOptions;
  readonly #budget: Budget;
  readonly #faults: Faults;
  readonly #connections = new Map<number, Http3Connection>();
  readonly #timer: NodeJS.Timeout;
  #closing: Promise<void> | undefined;

  constructor(app: Http3App, options: Http3GatewayOptions) {
    this.#app = app;
    this.#options = options;
    this.#budget = options.budget ?? new Budget();
    const { logger = consoleLogger(console) } = options;
    this.#faults = new Faults(logger || silentLogger, Date.now);
    this.#timer = setInterval(() => this.#sweep(), defaults.gatewaySweepMs).unref();
  }

  attach(server: Http3Server): void {
    server.on("session", (session) => this.#connect(session));
    server.on("stream", (stream, fields, { endStream }) => {
      takePieces(stream);
      // A stream of a connection that was not let in, or has just ended.
      const connection = this.#connectionOf(stream);
      if (connection) connection.open(stream, fields, endStream);
      else stream.on("error", () => undefined).close(http3Code.requestRejected);
    });
  }

  /** For as long as the server lives: an error that nobody listens for ends the process. */
  watch(server: Http3Server): void {
    server.on("error", (err) => this.#failed(err));
  }

  stats(): BudgetStats {
    return this.#budget.stats();
  }

  close(server: Http3Server): Promise<void> {
    this.#closing ??= this.#close(server);
    return this.#closing;
  }

  async #close(server: Http3Server): Promise<void> {
    clearInterval(this.#timer);
    for (const connection of this.#connections.values()) connection.end(http3Code.noError);
    // The library says its last words a moment after it was told to (GOAWAY comes first).
    await delay(defaults.lastWordsMs);
    await server.close();
    for (const connection of this.#connections.values()) connection.close();
    this.#connections.clear();
    this.#faults.flush();
  }

  #connect(session: import("@currentspace/http3").Http3ServerSession): void {
    session.on("error", (err: Error) => this.#failed(err));
    const handle = connectionOf(session);
    if (handle === noConnection) return;
    const connection = this.#open(this.#sourceOf(session), session);
    if (!connection) return this.#turnAway(session);
    this.#connections.set(handle, connection);
    session.once("close", () => {
      this.#connections.delete(handle);
      connection.close();
    });
  }

  #open(
    source: string,
    session: import("@currentspace/http3").Http3ServerSession | undefined,
  ): Http3Connection | undefined {
    const budget = this.#budget.connect(source);
    return (
      budget &&
      new Http3Connection({
        session,
        budget,
        faults: this.#faults,
        fetch: (request) => this.#app.fetch(request),
        now: () => performance.now(),
      })
    );
  }

  #sourceOf({ remoteAddress, remotePort }: import("@currentspace/http3").Http3ServerSession): string {
    try {
      return this.#options.sourceOf?.(remoteAddress, remotePort)?.address ?? remoteAddress;
    } catch (err) {
      // Such as a relay that is not made yet: what is thrown here would end the process.
      this.#failed(err);
      // All together have one source's share: behind a relay the address that is seen is made up for each of them.
      return "unknown";
    }
  }

  /** All who come over TCP, which are local, are one connection. */
  #connectionOf(stream: object): Http3Connection | undefined {
    const handle = connectionOf(stream);
    const known = this.#connections.get(handle);
    if (known || handle !== noConnection) return known;
    const local = this.#open("upstream", undefined);
    if (local) this.#connections.set(handle, local);
    return local;
  }

  #turnAway(session: import("@currentspace/http3").Http3ServerSession): void {
    this.#faults.write("info", "over-budget", "a source has too many connections");
    session.close(http3Code.excessiveLoad).catch((err) => this.#failed(err));
  }

  #sweep(): void {
    const nowMs = performance.now();
    for (const connection of this.#connections.values()) connection.sweep(nowMs);
  }

  #failed(err: unknown): void {
    this.#faults.write("info", "connection-failed", "the HTTP/3 server reported an error", {
      why: String(err),
    });
  }
}

/** A PEM file that is read as text may come with a Windows line ending; bytes are taken as they are. */
function pem(value: string | Buffer): Buffer {
  return typeof value === "string" ? Buffer.from(value) : value;
}

async function listening(server: Http3Server, port: number, host: string): Promise<void> {
  try {
    // Listen in the same turn as `once`, which rejects on "error".
    const ready = once(server, "listening");
    server.listen(port, host);
    await ready;
  } catch (cause) {
    throw new QuicpipeError(
      "ERR_QUICPIPE_LISTEN_FAILED",
      `the HTTP/3 server cannot listen on ${host}:${port}: ${String(cause)}; choose another port or check key and certificate`,
      { cause, details: { host, port } },
    );
  }
}

/** What {@link connectionOf} gives for HTTP/2: its sessions are all alike, and their requests get no address. */
const noConnection = -1;

/**
 * The server's number for the QUIC connection of a stream or session. Its API has no link from one to the
 * other, so this reads the field that both carry.
 */
function connectionOf(part: object): number {
  const handle: unknown = Reflect.get(part, "_connHandle");
  return typeof handle === "number" ? handle : noConnection;
}

async function importHttp3(): Promise<Pick<Http3Module, "createSecureServer">> {
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
