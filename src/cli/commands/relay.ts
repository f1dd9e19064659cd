import { Console } from "node:console";
import { X509Certificate } from "node:crypto";
import { type CommandDef, defineCommand } from "citty";
import { namesOf } from "../../files/certificate.ts";
import { isQuicpipeError, QuicpipeError } from "../../errors.ts";
import {
  Budget,
  type BudgetStats,
  developmentCertificate,
  developmentCertificatePath,
  type Http2Gateway,
  type Http2GatewayOptions,
  type Http3App,
  serve,
  serveHttp2,
  type ServeOptions,
} from "../../gateway/index.ts";
import { consoleLogger, type Logger } from "../../log.ts";
import { quicpipe, type QuicpipeOptions, type Relay } from "../../plugin/index.ts";
import { requirePackages } from "../../optional-package.ts";
import { requireKeyPair } from "../../files/pem.ts";
import { parseAddress } from "../../wire/address.ts";
import { readOptionFile } from "../arguments.ts";
import { openInterruption } from "../interruption.ts";
import { formatBytes } from "../terminal-text.ts";
import { type RelayArgs, relayArgs } from "../relay/args.ts";
import { asGiven } from "../relay/given-option.ts";
import { relayConfig, type TlsFiles } from "../relay/config.ts";

/** `quicpipe relay`: a gateway whose only app is the relay. */
export const relay = defineCommand({
  meta: {
    name: "relay",
    description: "Run a relay with an HTTP/3 server of its own; Ctrl-C ends it",
  },
  args: relayArgs,
  run: ({ args }) =>
    runRelay(args).catch((error: unknown) => {
      throw asGiven(error, args);
    }),
}) as CommandDef;

/** Runs a relay until a signal ends it. */
async function runRelay(args: RelayArgs): Promise<void> {
  const interruption = interrupted();
  const { options, tls } = relayConfig(args, process.env["NODE_ENV"] === "production");
  requirePackages({
    what: "running a relay",
    needed: ["h3", "@currentspace/http3"],
    usual: ["@peculiar/x509"],
  });
  // Loaded on demand, so that the peer commands run where it is not installed.
  const { H3 } = await import("h3");
  const app = new H3().get("/", () => "This is a quicpipe relay.\n");
  // The relay logs to stderr: stdout is for the output that a command was asked for.
  const logger = consoleLogger(new Console(process.stderr));
  const pem = await certificate(tls, args);
  await using running = new AsyncDisposableStack();
  // One budget, as a client is the same source over UDP and over TCP.
  const budget = new Budget();
  // The app has nothing of its own at the root.
  const handle = quicpipe({ ...options, health: options.health ?? { path: "" }, logger });
  app.use(handle);
  const serving = { relay: handle, tls: pem, tcp: false, budget, logger, ...maxConnections(options) };
  const served = running.use(await serve(app, serving));
  const { address: host, port } = served.address;
  const browsers = await serveBrowsers(
    app,
    { ...pem, logger, budget, host, port, ...publicHttp3(options) },
    logger,
  );
  if (browsers) running.defer(() => browsers.close());
  if (browsers && hasConsole(options)) logger.info(`quicpipe: ${consoleHint(options, port)}`);
  if (!tls) logger.info(`quicpipe: ${developmentHint(pem.cert)}`);
  await interruption;
  await Promise.all([served.close(), browsers?.close()]);
  summarise(handle, served.stats());
}

async function certificate(
  tls: TlsFiles | undefined,
  args: RelayArgs,
): Promise<{ cert: string; key: string }> {
  if (tls) {
    const prefix = args.cert === undefined ? "tls." : "--";
    const cert = readOptionFile(`${prefix}cert`, tls.cert);
    const key = readOptionFile(`${prefix}key`, tls.key);
    requireKeyPair({ cert, key }, { cert: `${prefix}cert ${tls.cert}`, key: `${prefix}key ${tls.key}` });
    return { cert, key };
  }
  try {
    return await developmentCertificate();
  } catch (error) {
    if (!isQuicpipeError(error)) throw error;
    const message = `${error.message}; with --cert and --key none is needed`;
    throw new QuicpipeError(error.code, message, { cause: error, details: error.details });
  }
}

/** Lets the HTTP/3 server have as many clients as the relay has places for. */
function maxConnections({ forwarder }: QuicpipeOptions): Pick<ServeOptions, "maxConnections"> {
  const places = forwarder?.maxGatewayClients;
  return places === undefined ? {} : { maxConnections: places };
}

/** Returns the HTTP/3 address for browsers: the address that peers are told to send to. */
function publicHttp3({
  publicAddress,
}: QuicpipeOptions): Pick<Http2GatewayOptions, "http3Host" | "http3Port"> {
  const address = publicAddress === undefined ? undefined : parseAddress(publicAddress);
  return address ? { http3Host: address.address, http3Port: address.port } : {};
}

/** Serves the app on the TCP port of the same number as well. The relay runs without it, as peers need only UDP. */
async function serveBrowsers(
  app: Http3App,
  options: Http2GatewayOptions,
  logger: Logger,
): Promise<Http2Gateway | undefined> {
  try {
    return await serveHttp2(app, options);
  } catch (error) {
    if (!isQuicpipeError(error, "ERR_QUICPIPE_LISTEN_FAILED")) throw error;
    logger.warn(
      `quicpipe: ${error.message}; until then browsers have no console, and peers all that they need`,
    );
    return undefined;
  }
}

/** Reports whether there is a console. Without tokens there are no administrators, and so no console. */
function hasConsole({ console: given, auth }: QuicpipeOptions): boolean {
  return given !== false && auth !== "none";
}

function consoleHint({ basePath = "", console: given }: QuicpipeOptions, port: number): string {
  return `console at https://localhost:${port}${basePath}${(given || {}).path ?? "/relay"}`;
}

function developmentHint(cert: string): string {
  const names = namesOf(new X509Certificate(cert));
  return `serving a development certificate for ${names.join(", ")}; peers elsewhere reach the relay by this machine's name, and need the certificate as --relay-ca: ${developmentCertificatePath()}`;
}

/** Resolves at the first signal that ends a command; a second one ends the process at once. */
async function interrupted(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const interruption = openInterruption(resolve);
  await promise;
  interruption.close();
}

function summarise(handle: Relay, { refused }: BudgetStats): void {
  const { relayed, path, backend } = handle.stats();
  const inKernel = path.kernel.packets > 0 ? `, ${path.kernel.packets} of them in the kernel` : "";
  process.stderr.write(
    `quicpipe: relayed ${relayed.packets} packets, ${formatBytes(relayed.bytes)} (${backend}${inKernel})\n`,
  );
  const refusals = formatRefusals(refused);
  if (refusals !== "") process.stderr.write(`quicpipe: ${refusals}\n`);
}

/** Formats the gateway's refusals, the most frequent first: `refused 12 × unsent-source, 3 × waits`. Empty without any. */
export function formatRefusals(refused: BudgetStats["refused"]): string {
  const counts = Object.entries(refused).toSorted(([, a], [, b]) => b - a);
  return counts.length === 0
    ? ""
    : `refused ${counts.map(([limit, count]) => `${count} × ${limit}`).join(", ")}`;
}
