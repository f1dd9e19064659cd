import { once } from "node:events";
import type { Server } from "node:net";
import * as defaults from "../../defaults/index.ts";
import { QuicpipeError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import { checkOptions, type OptionChecks, range, requireText } from "../../option-checks.ts";
import { type KeyPair, requireForTls, requireKeyPair } from "../../files/pem.ts";
import { codeOf } from "../../system-error.ts";
import { formatAddress } from "../../wire/address.ts";
import { altSvc } from "./alt-svc.ts";
import { Arrivals, scaleArrivals } from "../budget/arrivals.ts";
import type { Budget, BudgetStats } from "../budget/budget.ts";
import { Faults } from "../exchange/faults.ts";
import type { Http3App } from "../exchange/exchange.ts";
import { requireApp, requireHost, serverChecks } from "../server-options.ts";
import { TcpDoor } from "./door.ts";

/** Options of {@link serveHttp2}. */
export interface Http2GatewayOptions extends KeyPair {
  /** Address to listen on; `::`, all addresses, if absent, which becomes `0.0.0.0` if the system has no IPv6. */
  readonly host?: string;
  /** TCP port, usually the number of the relay's UDP port; 0 if absent, which takes a free one. */
  readonly port?: number;
  /** UDP port of HTTP/3 that is advertised to clients (`Alt-Svc`, RFC 7838); the number of the TCP port if absent. */
  readonly http3Port?: number;
  /** Host that serves HTTP/3, a name or an IP literal; the host that the client asked for if absent. */
  readonly http3Host?: string;
  /**
   * Connections at a time, from 1; 1000 if absent. A source may have no more than are left for all others. Beyond that the
   * network (IPv4 /24, IPv6 /48) with the most makes way for others, and further ones are closed at once.
   */
  readonly maxConnections?: number;
  /**
   * New connections per second of one source (an IPv4 address or IPv6 /64), from 1; 10 if absent. Those of 6.4 seconds may come
   * at once. All sources together may have ten times as many. Behind a load balancer that hides client addresses, all clients
   * are one source.
   */
  readonly connectionsPerSecond?: number;
  /**
   * Time that a connection may be without requests, in ms, from 1; 75 s if absent, which is usual for web servers. Each request
   * gives a fifteenth of it back. The first request has 10 s, or this time if it is shorter.
   */
  readonly idleTimeoutMs?: number;
  /** Bounds on what clients hold, shared by all servers that are given the same; if absent, the server has its own. */
  readonly budget?: Budget;
  /** Log for a limited number of lines of each kind; `console` if absent, none if `false`. */
  readonly logger?: Logger | false;
}

const checks = {
  ...serverChecks,
  key: true,
  cert: true,
  host: (path, value) => requireHost(path, value, "::"),
  /** 0 stands for the port that the server is bound to. */
  http3Port: range(1, 0, 65_535),
  http3Host: (path, value) => requireText(path, value, "a host name or an IP literal", (text) => text !== ""),
  maxConnections: range(1, defaults.maxHttp2Connections),
  connectionsPerSecond: range(1, defaults.tcpArrivals.perSource.perSecond),
  idleTimeoutMs: range(1, defaults.gatewayConnectionIdleMs),
} satisfies OptionChecks<Http2GatewayOptions>;

/** A running HTTP/2 server. The caller closes it. */
export interface Http2Gateway extends AsyncDisposable {
  /** The TCP port. */
  readonly port: number;
  /** Returns the bytes held of the budget and the refusals by limit, for all servers that share it. */
  stats(): BudgetStats;
  /**
   * Gives new connections another certificate. Present ones go on.
   *
   * @throws ERR_QUICPIPE_OPTION_INVALID if certificate and key do not parse or match, or are too weak; the present ones stay then.
   */
  reload(tls: KeyPair): void;
  /**
   * Stops listening, tells the clients to ask for no more (GOAWAY, `Connection: close`), gives open requests 25 ms, and ends every
   * connection. Idempotent.
   */
  close(): Promise<void>;
}

/**
 * Serves a fetch-style app over HTTP/2 and HTTP/1.1 on a public TCP port, where browsers come first, and advertises HTTP/3. The
 * app sees a client's address as `request.ip`, except on loopback, where it could pass for one that the relay proved. The
 * memory and time that clients may take are bounded.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID, naming the option, also if certificate and key do not parse or match.
 * @throws ERR_QUICPIPE_LISTEN_FAILED if the port is taken.
 */
export async function serveHttp2(app: Http3App, given: Http2GatewayOptions): Promise<Http2Gateway> {
  requireApp(app);
  const options = checkOptions("serveHttp2(…)", given, checks);
  const { host, port, http3Host, http3Port, connectionsPerSecond, budget, logger } = options;
  const arrivals = scaleArrivals(defaults.tcpArrivals, connectionsPerSecond);
  const faults = new Faults(logger, Date.now);
  const door = openDoor(host, port, {
    ...options,
    ...requireKeyPair(options),
    app,
    arrivals: new Arrivals(arrivals, performance.now()),
    faults,
    fieldsFor: (authority) => ({
      "alt-svc": altSvc({ host: http3Host, port: http3Port || bound }, authority),
    }),
  });
  const { server } = door;
  await listening(server, host, port);
  const bound = portOf(server);
  let closing: Promise<void> | undefined;
  // For example, the system has no file descriptors for more connections. Existing ones go on.
  server.on("error", (error) =>
    faults.write("error", "connection-failed", "the TCP port failed", { why: String(error) }),
  );
  const end = (): Promise<void> => (closing ??= close(door, faults));
  return {
    port: bound,
    stats: () => budget.stats(),
    reload: (tls) => {
      requireForTls(requireKeyPair(tls));
      door.reload(tls);
    },
    close: end,
    [Symbol.asyncDispose]: end,
  };
}

async function close(door: TcpDoor, faults: Faults): Promise<void> {
  const closed = once(door.server, "close");
  door.server.close();
  door.goAway();
  // An event stream would hold its connection open for as long as its reader likes.
  const timer = setTimeout(() => door.close(), defaults.lastWordsMs);
  await closed;
  clearTimeout(timer);
  door.close();
  faults.flush();
}

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
