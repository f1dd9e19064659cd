import { Budget, type Http2Gateway, type Http3App, serve, type Served } from "../../gateway/index.ts";
import { quicpipe, type QuicpipeOptions, type Relay } from "../../plugin/index.ts";
import { consoleHint, publicHttp3, serveBrowsers } from "./browsers.ts";
import { developmentHint, loadCertificate, tlsSourceOf } from "./tls/certificate.ts";
import { CertificateWatch } from "./tls/watch.ts";
import { needRestart } from "./changes.ts";
import { type RelayConfig, relayConfig } from "./config.ts";
import { asGiven } from "./given-option.ts";
import type { GivenArgs } from "./environment.ts";
import { gatewayPage } from "./metrics/gateway-page.ts";
import { requireForTls } from "../../files/pem.ts";
import { RelayLog } from "./log.ts";
import { openMetricsListener } from "./metrics/listener.ts";
import { summaryOf } from "./summary.ts";
import type { TlsText } from "./tls/files.ts";

/** An app that a relay can be put into. */
export interface RelayHost extends Http3App {
  use(relay: Relay): unknown;
}

/** The parts of a relay that the command runs. */
interface Parts {
  readonly handle: Relay;
  readonly served: Served;
  readonly browsers: Http2Gateway | undefined;
  readonly log: RelayLog;
  /** Absent with the development certificate, which never changes. */
  readonly watch: CertificateWatch | undefined;
  /** Closes all that is beside the servers. */
  readonly others: AsyncDisposableStack;
}

/** A relay that the command runs, with its servers, its log and its certificate. */
export class RunningRelay {
  readonly #given: GivenArgs;
  readonly #parts: Parts;
  #config: RelayConfig;

  private constructor(parts: Parts, config: RelayConfig, given: GivenArgs) {
    this.#parts = parts;
    this.#config = config;
    this.#given = given;
  }

  /** @throws what `relayConfig`, `quicpipe`, `serve` and the listener for Prometheus throw. */
  static async start(app: RelayHost, config: RelayConfig, given: GivenArgs): Promise<RunningRelay> {
    const log = new RelayLog(config);
    return new RunningRelay(await open(app, config, given, log), config, given);
  }

  /** Reads the config file and the certificate again. What is wrong is logged, and all stays as it was. */
  async reload(): Promise<void> {
    const { log, watch } = this.#parts;
    try {
      const config = configOf(this.#given);
      const lasting = needRestart(this.#config, config);
      if (lasting.length > 0) log.warn(`quicpipe: only a restart changes ${lasting.join(", ")}`);
      log.configure(config);
      const source = tlsSourceOf(config, this.#given);
      if (source) watch?.watch(source);
      // What needs a restart is compared with what runs, next time too.
      this.#config = { ...this.#config, drainSeconds: config.drainSeconds };
      await watch?.look(true);
      log.info("quicpipe: the configuration was read again");
    } catch (error) {
      const named = asGiven(error, this.#given);
      log.error(
        `quicpipe: the configuration before stays: ${named instanceof Error ? named.message : String(named)}`,
      );
    }
  }

  /** Drains for as long as configured, and closes the servers, then the relay. */
  async end(): Promise<void> {
    const { handle, served, browsers, log, others } = this.#parts;
    await using _ = others;
    const { drainSeconds = 0 } = this.#config;
    if (drainSeconds > 0)
      log.info(
        `quicpipe: draining: no new peers, and present ones are forwarded for up to ${drainSeconds} s`,
      );
    await handle.drain({ graceMs: drainSeconds * 1000 });
    await Promise.all([served.close(), browsers?.close()]);
    for (const line of summaryOf(handle.stats(), served.stats())) log.info(`quicpipe: ${line}`);
  }
}

/** Returns what a relay is to do. @throws what `relayConfig` throws */
export function configOf({ args }: GivenArgs): RelayConfig {
  return relayConfig(args, process.env["NODE_ENV"] === "production");
}

async function open(app: RelayHost, config: RelayConfig, given: GivenArgs, log: RelayLog): Promise<Parts> {
  const { options } = config;
  const source = tlsSourceOf(config, given);
  const tls = await loadCertificate(source);
  await using opening = new AsyncDisposableStack();
  const handle = quicpipe({ ...options, ...pathsOf(options), logger: log });
  app.use(handle);
  // One budget, as a client is the same source over UDP and over TCP.
  const shared = { budget: new Budget(), logger: log };
  const served = opening.use(
    await serve(app, { ...shared, relay: handle, tls, tcp: false, ...maxConnections(options) }),
  );
  const { address: host, port } = served.address;
  const browsers = await serveBrowsers(app, { ...shared, ...tls, host, port, ...publicHttp3(options) });
  if (browsers) opening.use(browsers);
  const others = opening.use(new AsyncDisposableStack());
  const watch = source && watchCertificate(source, tls, { served, browsers, log });
  others.defer(() => watch?.close());
  if (config.metricsListen !== undefined)
    others.use(
      await openMetricsListener(
        config.metricsListen,
        () => handle.metrics() + gatewayPage(served.stats(), watch?.certificate ?? tls.cert),
      ),
    );
  const hint = browsers && consoleHint(options, port);
  if (hint !== undefined) log.info(`quicpipe: ${hint}`);
  if (!source) log.info(`quicpipe: ${developmentHint(tls.cert)}`);
  opening.move();
  return { handle, served, browsers, log, watch, others };
}

/** The app has nothing of its own at the root. */
function pathsOf({ health, metrics }: QuicpipeOptions): Pick<QuicpipeOptions, "health" | "metrics"> {
  const root = { path: "" };
  return { health: health ?? root, metrics: metrics === true ? root : (metrics ?? false) };
}

/** Lets the HTTP/3 server have as many clients as the relay has places for. */
function maxConnections({ forwarder }: QuicpipeOptions): { readonly maxConnections?: number } {
  const places = forwarder?.maxGatewayClients;
  return places === undefined ? {} : { maxConnections: places };
}

function watchCertificate(
  files: ConstructorParameters<typeof CertificateWatch>[0]["files"],
  tls: TlsText,
  { served, browsers, log }: Pick<Parts, "served" | "browsers" | "log">,
): CertificateWatch {
  return new CertificateWatch({
    files,
    served: tls,
    log,
    async onChange(renewed) {
      // Each of the two may refuse what the other takes, and only HTTP/2 can be asked before it changes.
      if (browsers) requireForTls(renewed);
      await served.reload(renewed);
      browsers?.reload(renewed);
      log.info("quicpipe: serving another certificate");
    },
  });
}
