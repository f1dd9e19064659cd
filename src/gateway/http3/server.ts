import * as defaults from "../../defaults/index.ts";
import type { Logger } from "../../log.ts";
import { checkOptions, type OptionChecks, range, requireFunction } from "../../option-checks.ts";
import { loadPackage } from "../../optional-package.ts";
import { type KeyPair, requireKeyPair } from "../../files/pem.ts";
import { Arrivals, scaleArrivals } from "../budget/arrivals.ts";
import type { Budget, BudgetStats } from "../budget/budget.ts";
import type { Http3App } from "../exchange/exchange.ts";
import { Faults } from "../exchange/faults.ts";
import { requireApp, requireHost, serverChecks } from "../server-options.ts";
import { Http3Clients } from "./clients.ts";
import { Http3Endpoint } from "./endpoint.ts";
import { QuicServer } from "./quic-server.ts";

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
   * Connections at a time, from 1; 4096 if absent, as many as a relay has places for by default. A source may have no more than
   * are left for all others. Beyond that the network (IPv4 /24, IPv6 /48) with the most makes way for others, and further ones
   * are closed at once. Lower it where memory is short.
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
   * Serves with another certificate from now on, at the same port. The library cannot change that of a server: this one closes as
   * by {@link close}, and another one takes its place at once, to which the clients come back.
   *
   * @throws ERR_QUICPIPE_OPTION_INVALID if certificate and key do not parse or match, or the library cannot use them: nothing has
   *   changed then.
   * @throws ERR_QUICPIPE_LISTEN_FAILED if another program has taken the port in between; ERR_QUICPIPE_CLOSED after `close()`.
   */
  reload(tls: KeyPair): Promise<void>;
  /**
   * Tells the clients to ask for no more (GOAWAY), gives open requests 25 ms, closes every connection (CONNECTION_CLOSE,
   * H3_NO_ERROR), and stops. Idempotent.
   */
  close(): Promise<void>;
}

const checks = {
  ...serverChecks,
  key: true,
  cert: true,
  host: (path, value) => requireHost(path, value, "127.0.0.1"),
  sourceOf: (path, value) => requireFunction(path, value),
  windowBytes: range(1, defaults.http3WindowBytes),
  maxConnections: range(1, defaults.maxGatewayClients),
  connectionsPerSecond: range(1, defaults.http3Arrivals.perSource.perSecond),
} satisfies OptionChecks<Http3GatewayOptions>;

type QuicModule = Pick<typeof import("@currentspace/http3"), "createQuicServer">;

/**
 * Serves a fetch-style app over HTTP/3 on loopback. The app sees the address of each request's client as `request.ip`, from
 * which the relay learns a peer's public address. The memory and time that clients may take are bounded.
 *
 * @throws ERR_QUICPIPE_DEPENDENCY_MISSING without the optional package `@currentspace/http3`, ERR_QUICPIPE_ADDON_UNUSABLE if that
 *   does not load.
 * @throws ERR_QUICPIPE_OPTION_INVALID, naming the option, also if certificate and key do not parse or match, or the library cannot
 *   use them.
 * @throws ERR_QUICPIPE_LISTEN_FAILED if the port is taken.
 */
export async function serveHttp3(app: Http3App, given: Http3GatewayOptions): Promise<Http3Gateway> {
  requireApp(app);
  const options = checkOptions("serveHttp3(…)", given, checks);
  const { key, cert } = requireKeyPair(options);
  const { host, port, budget, windowBytes, connectionsPerSecond, logger } = options;
  const arrivals = new Arrivals(
    scaleArrivals(defaults.http3Arrivals, connectionsPerSecond),
    performance.now(),
  );
  const { createQuicServer } = await importQuic();
  const endpoint = new Http3Endpoint(host, (tls) => {
    const clients = new Http3Clients({ ...options, app, arrivals, faults: new Faults(logger, Date.now) });
    const server = createQuicServer({
      key: pem(tls.key),
      cert: pem(tls.cert),
      alpn: ["h3"],
      // A client at a spoofed address gets no further than a Retry (RFC 9000 §8.1.2).
      disableRetry: false,
      // A client whose NAT gives it a new port keeps its connection (RFC 9000 §9).
      disableActiveMigration: false,
      initialMaxData: windowBytes,
      initialMaxStreamsBidi: defaults.maxHttp3Streams,
    });
    return { server: new QuicServer(server, clients), clients };
  });
  await endpoint.open({ key, cert }, port);
  const end = (): Promise<void> => endpoint.close();
  return {
    port: endpoint.port,
    stats: () => budget.stats(),
    reload: async (tls) => await endpoint.reload(requireKeyPair(tls)),
    close: end,
    [Symbol.asyncDispose]: end,
  };
}

/** Returns PEM as bytes. Text becomes UTF-8. */
function pem(value: string | Buffer): Buffer {
  return typeof value === "string" ? Buffer.from(value) : value;
}

function importQuic(): Promise<QuicModule> {
  return loadPackage({
    name: "@currentspace/http3",
    load: () => import("@currentspace/http3"),
    what: "serving HTTP/3",
    otherwise: "put another HTTP/3 server in front of the app",
  });
}
