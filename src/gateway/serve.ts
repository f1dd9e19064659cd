import * as defaults from "../defaults/index.ts";
import { type KeyPair, requireForTls, requireKeyPair } from "../files/pem.ts";
import {
  checkOptions,
  type OptionChecks,
  optionInvalid,
  range,
  requireBoolean,
  requireInteger,
  requireOptions,
} from "../option-checks.ts";
import type { Logger } from "../log.ts";
import type { Address } from "../wire/address.ts";
import type { Budget, BudgetStats } from "./budget/budget.ts";
import type { Http3App } from "./exchange/exchange.ts";
import { type Http3Gateway, serveHttp3 } from "./http3/server.ts";
import { requireApp, requireBudget } from "./server-options.ts";
import { serveHttp2 } from "./tcp/server.ts";

/** A relay, as `quicpipe()` makes it. */
export interface ServedRelay {
  listen(options: { readonly upstream: Promise<{ readonly port: number }> }): Promise<Address>;
  sourceOf(address: string, port?: number): { readonly address: string } | undefined;
  drain(options?: ServedCloseOptions): void | Promise<void>;
  close(): Promise<void>;
}

/** Options of {@link Served.close}. */
export interface ServedCloseOptions {
  /** Time for which registered peers are still forwarded, in ms; ends early when no registration is left. Default 0. */
  readonly graceMs?: number;
}

/** Options of {@link serve}. */
export interface ServeOptions {
  /** A relay that the app uses (`app.use(relay)`), made without the option `upstream`. */
  readonly relay: ServedRelay;
  /** Private key and certificate chain, leaf first, PEM. */
  readonly tls: KeyPair;
  /** Whether to serve browsers over TCP as well, at the port number of the relay; `true` if absent. */
  readonly tcp?: boolean;
  /** Connections at a time, from 1, over UDP and as many over TCP; 4096 and 1000 if absent. */
  readonly maxConnections?: number;
  /** New connections per second of one source, from 1, over UDP and as many over TCP; 32 and 10 if absent. */
  readonly connectionsPerSecond?: number;
  /** Flow control window of a new connection over HTTP/3, in bytes, from 1; 32 KiB if absent. */
  readonly windowBytes?: number;
  /** Limits of clients over UDP and TCP together; a budget of its own if absent. */
  readonly budget?: Budget;
  /** Destination of log lines, a limited number of each kind; `console` if absent, none if `false`. */
  readonly logger?: Logger | false;
}

/** A served app. The caller closes it. */
export interface Served extends AsyncDisposable {
  /** Address of the relay's UDP socket. The TCP port has the same number. */
  readonly address: Address;
  /** Returns the budget in use now, and how often each limit was met. */
  stats(): BudgetStats;
  /**
   * Serves with another certificate from now on. Connections over TCP go on. Those over HTTP/3 are closed, as by {@link close}, and
   * their clients come back: its library cannot change a server's certificate. The relay and its peers' connections go on.
   *
   * @throws ERR_QUICPIPE_OPTION_INVALID if certificate and key do not parse or match, or HTTP/3 or HTTP/2 cannot use
   *   them (keys of Ed448, or of RSA with 1024 bits): nothing has changed then.
   * @throws ERR_QUICPIPE_LISTEN_FAILED if another program has taken the port of the HTTP/3 server in that moment, and
   *   ERR_QUICPIPE_CLOSED after `close()`.
   */
  reload(tls: KeyPair): Promise<void>;
  /**
   * Has the relay refuse new registrations, answer long polls and end event streams, waits for `graceMs`, then closes one after the other: the TCP port and the HTTP/3 server, which tell
   * their clients and give open requests 25 ms, and the relay, whose socket carries last packets. Idempotent: the first call's grace counts.
   */
  close(options?: ServedCloseOptions): Promise<void>;
}

/**
 * Serves an app with a relay in it: over HTTP/3 through the relay's public port, and over HTTP/2 and HTTP/1.1 at the TCP port of the
 * same number, which browsers try first.
 *
 * @throws ERR_QUICPIPE_LISTEN_FAILED if a port is taken; ERR_QUICPIPE_OPTION_INVALID, also if certificate and key do not parse or
 *   fit; ERR_QUICPIPE_DEPENDENCY_MISSING without the optional package `@currentspace/http3`; and what `relay.listen()` throws.
 *   Nothing stays open then.
 * @example
 * import { H3 } from "h3";
 * import { quicpipe } from "quicpipe";
 * import { developmentCertificate, serve } from "quicpipe/gateway";
 *
 * const relay = quicpipe();
 * const app = new H3().use(relay);
 * await using served = await serve(app, { relay, tls: await developmentCertificate() });
 * console.log(served.address);
 */
export async function serve(app: Http3App, given: ServeOptions): Promise<Served> {
  requireApp(app);
  const { relay, tls, tcp, budget, windowBytes, ...limits } = checkOptions("serve(…)", given, checks);
  const shared = { ...limits, ...tls, budget };
  const sourceOf: ServedRelay["sourceOf"] = (address, port) => relay.sourceOf(address, port);
  const starting = serveHttp3(app, {
    ...shared,
    sourceOf,
    ...(windowBytes !== undefined && { windowBytes }),
  });
  const address = await openRelay(relay, starting);
  // Disposed of in reverse: the relay last, as it carries the closing packets of the HTTP/3 server.
  await using opening = new AsyncDisposableStack();
  opening.defer(() => relay.close());
  const http3 = opening.use(await starting);
  const { address: host, port } = address;
  const http2 = tcp ? opening.use(await serveHttp2(app, { ...shared, host, port })) : undefined;
  const parts = opening.move();
  let closing: Promise<void> | undefined;
  const end = async (graceMs: number): Promise<void> => {
    await using _ = parts;
    await relay.drain({ graceMs });
  };
  const close = async (options?: ServedCloseOptions): Promise<void> => {
    const { graceMs } = requireOptions("close(…)", options, { graceMs: true });
    await (closing ??= end(requireInteger("graceMs", graceMs, graceRange)));
  };
  return {
    address,
    stats: () => budget.stats(),
    async reload(renewed) {
      const pair = requireKeyPair(renewed);
      // Each of the two may refuse what the other takes, and only HTTP/2 can be asked before it changes.
      if (http2) requireForTls(pair);
      await http3.reload(pair);
      http2?.reload(pair);
    },
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

const graceRange = range(0, defaults.closeGraceMs, defaults.maxTimerMs);

const tlsNames = { key: "tls.key", cert: "tls.cert" };

/** The two servers check what is only passed on. */
const checks = {
  relay(path, relay) {
    if (typeof relay?.listen === "function") return relay;
    throw optionInvalid(path, relay, "a relay that the app uses, as quicpipe() returns it");
  },
  tls: (path, value) =>
    requireKeyPair(requireOptions<KeyPair>(path, value, { key: true, cert: true }), tlsNames),
  tcp: (path, value) => requireBoolean(path, value, true),
  maxConnections: true,
  connectionsPerSecond: true,
  windowBytes: true,
  budget: requireBudget,
  logger: true,
} satisfies OptionChecks<ServeOptions>;

/** Calls the relay at once: a request that came first would open it without its upstream. */
async function openRelay(relay: ServedRelay, starting: Promise<Http3Gateway>): Promise<Address> {
  const upstream = starting.then(({ port }) => ({ port }));
  // The relay may fail before it looks at its upstream.
  upstream.catch(() => undefined);
  try {
    return await relay.listen({ upstream });
  } catch (error) {
    const http3 = await starting;
    await http3.close();
    throw error;
  }
}
