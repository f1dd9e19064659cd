import { once } from "node:events";
import type { Server } from "node:net";
import * as defaults from "../../defaults/index.ts";
import { QuicpipeError } from "../../errors.ts";
import { consoleLogger, type Logger, silentLogger } from "../../log/logger.ts";
import { requireFromOne } from "../../option-checks.ts";
import { requireKeyPair } from "../../files/pem.ts";
import { codeOf } from "../../system-error.ts";
import { formatAddress } from "../../wire/address.ts";
import { altSvc } from "./alt-svc.ts";
import { Budget, type BudgetStats } from "../budget/budget.ts";
import { Faults } from "../exchange/faults.ts";
import type { Http3App } from "../http3/server.ts";
import { TcpDoor } from "./door.ts";

/** How {@link serveHttp2} serves. */
export interface Http2GatewayOptions {
  /** Private key, PEM. */
  readonly key: string | Buffer;
  /** Certificate chain, PEM, leaf first. */
  readonly cert: string | Buffer;
  /** Where to listen; `::`, all addresses, if absent, which becomes `0.0.0.0` where the system has no IPv6. */
  readonly host?: string;
  /** TCP port, as a rule the number of the relay's UDP port; 0, a free one, if absent. */
  readonly port?: number;
  /** UDP port that clients are told to come to by HTTP/3 (`Alt-Svc`, RFC 7838); the TCP port's number if absent. */
  readonly http3Port?: number;
  /** Host that serves HTTP/3, a name or an IP literal; the one that the client asked if absent. */
  readonly http3Host?: string;
  /**
   * Connections at a time, from 1; 1000 if absent. More are closed at once, and of one source no more than are left to all
   * others.
   */
  readonly maxConnections?: number;
  /**
   * Connections that a source, an IPv4 address or an IPv6 /64, may begin per second, from 1; 10 if absent. So many of 6.4
   * seconds may come at once. All sources together have ten times as much. Where a load balancer hides who comes, all are
   * one source, which has half of that.
   */
  readonly connectionsPerSecond?: number;
  /**
   * How long a connection may be without requests, in ms, from 1; 75 s if absent, the usual one of web servers. Each
   * request gives a fifteenth of it back; for the first one there are 10 s, if that is less.
   */
  readonly idleTimeoutMs?: number;
  /** What clients may hold, shared with other servers that are given the same; one of its own if absent. */
  readonly budget?: Budget;
  /** Where a few lines go, a limited number of each kind; `console` if absent, nowhere if `false`. */
  readonly logger?: Logger | false;
}

/** A running HTTP/2 server. Whoever started it closes it. */
export interface Http2Gateway {
  /** The TCP port. */
  readonly port: number;
  /** What clients hold of the budget now, and how often which of its limits was met; that of all servers that share it. */
  stats(): BudgetStats;
  /** Stops listening and ends every connection. Idempotent. */
  close(): Promise<void>;
}

/**
 * Serves a fetch-style app over HTTP/2 and HTTP/1.1 on a public TCP port, where browsers come first, and tells them of
 * HTTP/3. The app sees a client's address as `request.ip` unless it is on loopback: there it could pass for one that the
 * relay proved. What clients may hold and how long they may take is bounded.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID, naming the option, also if certificate and key do not parse or fit.
 * @throws ERR_QUICPIPE_LISTEN_FAILED if the port is taken.
 */
export async function serveHttp2(app: Http3App, options: Http2GatewayOptions): Promise<Http2Gateway> {
  requireKeyPair(options);
  const { host = "::", port = 0, http3Host, logger = consoleLogger(console) } = options;
  const faults = new Faults(logger || silentLogger, Date.now);
  const budget = options.budget ?? new Budget();
  const door = openDoor(host, port, {
    ...options,
    maxConnections: requireFromOne("maxConnections", options.maxConnections, defaults.maxHttp2Connections),
    idleTimeoutMs: requireFromOne("idleTimeoutMs", options.idleTimeoutMs, defaults.gatewayConnectionIdleMs),
    arrivalsScale:
      requireFromOne("connectionsPerSecond", options.connectionsPerSecond, usualPerSecond) / usualPerSecond,
    budget,
    faults,
    fetch: (request) => app.fetch(request),
    fieldsFor: (authority) => ({
      "alt-svc": altSvc({ host: http3Host, port: options.http3Port ?? bound }, authority),
    }),
  });
  const { server } = door;
  await listening(server, host, port);
  const bound = portOf(server);
  let closing: Promise<void> | undefined;
  // Such as a system without file descriptors for more connections; those that it has go on.
  server.on("error", (error) =>
    faults.write("error", "connection-failed", "the TCP port failed", { why: String(error) }),
  );
  return {
    port: bound,
    stats: () => budget.stats(),
    close: () => (closing ??= close(door, faults)),
  };
}

async function close(door: TcpDoor, faults: Faults): Promise<void> {
  const closed = once(door.server, "close");
  door.server.close();
  // An event stream would hold its connection open for as long as its reader likes.
  door.close();
  await closed;
  faults.flush();
}

const usualPerSecond: number = defaults.tcpArrivals.perSource.perSecond;

function openDoor(host: string, port: number, options: ConstructorParameters<typeof TcpDoor>[0]): TcpDoor {
  try {
    return new TcpDoor(options);
  } catch (cause) {
    throw listenFailed(host, port, cause);
  }
}

async function listening(server: Server, host: string, port: number): Promise<void> {
  try {
    // Listen in the same turn as `once`, which rejects on "error".
    const ready = once(server, "listening");
    server.listen(port, host);
    await ready;
  } catch (cause) {
    if (host === "::" && isWithoutIpv6(cause)) return listening(server, "0.0.0.0", port);
    throw listenFailed(host, port, cause);
  }
}

function isWithoutIpv6(cause: unknown): boolean {
  return ["EAFNOSUPPORT", "EADDRNOTAVAIL"].includes(codeOf(cause));
}

function listenFailed(host: string, port: number, cause: unknown): QuicpipeError {
  return new QuicpipeError(
    "ERR_QUICPIPE_LISTEN_FAILED",
    `the HTTP/2 server cannot listen on TCP ${formatAddress({ address: host, port })}: ${String(cause)}; choose another port or address`,
    { cause, details: { host, port } },
  );
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}
