import type { Logger } from "../log/logger.ts";
import type { Address } from "../wire/address.ts";
import { Budget, type BudgetStats } from "./budget/budget.ts";
import { type Http3App, serveHttp3 } from "./http3/server.ts";
import { serveHttp2 } from "./tcp/server.ts";

/** A relay, as `quicpipe()` makes it. */
export interface ServedRelay {
  listen(options: { readonly upstream: Promise<{ readonly port: number }> }): Promise<Address>;
  sourceOf(address: string, port?: number): { readonly address: string } | undefined;
  close(): Promise<void>;
}

/** Options of {@link serve}. */
export interface ServeOptions {
  /** A relay that the app uses (`app.use(relay)`), made without the option `upstream`. */
  readonly relay: ServedRelay;
  /** Private key and certificate chain, leaf first, PEM. */
  readonly tls: { readonly key: string | Buffer; readonly cert: string | Buffer };
  /** Whether to serve browsers over TCP as well, at the port number of the relay; `true` if absent. */
  readonly tcp?: boolean;
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
  /** Closes the servers, which tell their clients, then the relay. Idempotent. */
  close(): Promise<void>;
}

/**
 * Serves an app with a relay in it: over HTTP/3 through the relay's public port, and over HTTP/2 and HTTP/1.1 at the TCP port of the
 * same number, which browsers try first.
 *
 * @throws ERR_QUICPIPE_LISTEN_FAILED if a port is taken; ERR_QUICPIPE_OPTION_INVALID if certificate and key do not parse or fit;
 *   ERR_QUICPIPE_DEPENDENCY_MISSING without the optional package `@currentspace/http3`; and what `relay.listen()` throws.
 * @example
 * const relay = quicpipe();
 * const app = new H3().use(relay);
 * await using served = await serve(app, { relay, tls: { key, cert } });
 */
export async function serve(app: Http3App, options: ServeOptions): Promise<Served> {
  const { relay, tls, tcp = true, budget = new Budget(), logger } = options;
  const shared = { ...tls, budget, ...(logger !== undefined && { logger }) };
  const sourceOf: ServedRelay["sourceOf"] = (address, port) => relay.sourceOf(address, port);
  const starting = serveHttp3(app, { ...shared, sourceOf });
  // At once: a request that came first would open the relay without its upstream.
  const upstream = starting.then(({ port }) => ({ port }));
  upstream.catch(() => undefined);
  const listening = relay.listen({ upstream });
  const [started, listened] = await Promise.allSettled([starting, listening]);
  // Disposed of in reverse: the relay last, as it carries the closing packets of the gateway.
  await using opening = new AsyncDisposableStack();
  if (listened.status === "fulfilled") opening.defer(() => relay.close());
  if (started.status === "fulfilled") opening.defer(() => started.value.close());
  const [address] = [await listening, await starting];
  if (tcp)
    opening.adopt(await serveHttp2(app, { ...shared, host: address.address, port: address.port }), (server) =>
      server.close(),
    );
  const parts = opening.move();
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= parts.disposeAsync());
  return { address, stats: () => budget.stats(), close, [Symbol.asyncDispose]: close };
}
