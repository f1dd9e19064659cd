import { isIP } from "node:net";
import * as defaults from "../../defaults/index.ts";
import { type BackendChoice, isVirtualAddress } from "../../forwarder/index.ts";
import type { TelemetryOptions } from "../../telemetry/index.ts";
import { type Address, parseAddress } from "../../wire/address.ts";
import { isLoopback, plainIp } from "../../wire/ip.ts";
import { type AuthSettings, resolveAuth } from "./auth.ts";
import { type Limits, resolveLimits } from "./limits.ts";
import { type Logger, requireLogger } from "../../log/logger.ts";
import {
  namesOf,
  optionInvalid,
  requireFunction,
  requireInteger,
  requireOneOf,
  requireOptions,
  requireText,
  elementInvalid,
} from "../../option-checks.ts";
import type {
  ConsoleOptions,
  ForwarderTuningOptions,
  QuicpipeOptions,
  RelayHooks,
  UpstreamOptions,
} from "./options.ts";
import { resolveXdp } from "./xdp.ts";

/** {@link QuicpipeOptions} after validation, with every default filled in. */
export interface Settings
  extends
    Required<Pick<QuicpipeOptions, "host" | "port" | "basePath" | "hooks" | "xdp" | "stun" | "telemetry">>,
    Required<ForwarderTuningOptions> {
  readonly upstream: Address | undefined;
  /** Canonical IP literals. */
  readonly trustedProxies: ReadonlySet<string>;
  readonly publicAddress: string | undefined;
  /** Path of the console including the base path; `undefined` if it is disabled. */
  readonly consolePath: string | undefined;
  readonly auth: AuthSettings;
  readonly limits: Limits;
  readonly logger: Logger;
}

/** The environment variables read by {@link resolveSettings}. */
export interface Environment {
  /** "production" makes the option `auth` required. */
  readonly NODE_ENV?: string | undefined;
  /** Backend if no option names one. Empty counts as absent. */
  readonly QUICPIPE_BACKEND?: string | undefined;
  /** Comma-separated interfaces for XDP if the option `xdp` is absent. Empty counts as absent. */
  readonly QUICPIPE_XDP_IFACE?: string | undefined;
}

/**
 * Validates the options and fills in the defaults.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID, naming the option; ERR_QUICPIPE_AUTH_REQUIRED in production without `auth`.
 */
export function resolveSettings(given: QuicpipeOptions | undefined, environment: Environment): Settings {
  const options = requireOptions("quicpipe(…)", given, optionNames);
  const basePath = options.basePath === "" ? "" : requirePath("basePath", options.basePath, "");
  const forwarder = requireOptions("forwarder", options.forwarder, forwarderOptionNames);
  return {
    host: requireText("host", options.host, "an IP literal", (text) => isIP(text) !== 0) ?? "::",
    port: requireInteger("port", options.port, { min: 0, max: 65_535, fallback: defaults.port }),
    upstream: options.upstream === undefined ? undefined : resolveUpstream(options.upstream),
    trustedProxies: resolveTrustedProxies(options.trustedProxies),
    publicAddress: requireText("publicAddress", options.publicAddress, "host:port", isPublicAddress),
    basePath,
    consolePath: resolveConsolePath(basePath, options.console),
    auth: resolveAuth(options.auth, environment.NODE_ENV === "production"),
    limits: resolveLimits(options.limits),
    hooks: resolveHooks(options.hooks),
    ...resolveBackend(forwarder, environment),
    sourcePolicy: requireOneOf("forwarder.sourcePolicy", forwarder.sourcePolicy, ["registered", "any"]),
    maxGatewayClients: requireInteger("forwarder.maxGatewayClients", forwarder.maxGatewayClients, {
      min: 1,
      max: 65_536,
      fallback: defaults.maxGatewayClients,
    }),
    socketBufferBytes: requireInteger("forwarder.socketBufferBytes", forwarder.socketBufferBytes, {
      min: 65_536,
      max: 2 ** 30,
      fallback: defaults.socketBufferBytes,
    }),
    xdp: resolveXdp(options.xdp, environment.QUICPIPE_XDP_IFACE),
    stun: requireOneOf("stun", options.stun, ["registered", "public"]),
    telemetry: resolveTelemetry(options.telemetry),
    logger: requireLogger(options.logger),
  };
}

const optionNames = namesOf<QuicpipeOptions>({
  host: true,
  port: true,
  upstream: true,
  trustedProxies: true,
  publicAddress: true,
  basePath: true,
  console: true,
  auth: true,
  limits: true,
  hooks: true,
  forwarder: true,
  xdp: true,
  stun: true,
  telemetry: true,
  logger: true,
});

const forwarderOptionNames = namesOf<ForwarderTuningOptions>({
  backend: true,
  threads: true,
  sourcePolicy: true,
  maxGatewayClients: true,
  socketBufferBytes: true,
});

const upstreamOptionNames = namesOf<UpstreamOptions>({ host: true, port: true });
const consoleOptionNames = namesOf<ConsoleOptions>({ path: true });
const telemetryOptionNames = namesOf<TelemetryOptions>({ intervalMs: true });
const hookNames = namesOf<RelayHooks>({ onRegister: true, onMove: true, onEnd: true });

function resolveHooks(value: RelayHooks | undefined): RelayHooks {
  const hooks = requireOptions("hooks", value, hookNames);
  for (const name of hookNames) requireFunction(`hooks.${name}`, hooks[name]);
  return hooks;
}

function resolveBackend(
  forwarder: ForwarderTuningOptions,
  { QUICPIPE_BACKEND: fromEnvironment }: Environment,
): Pick<Settings, "backend" | "threads"> {
  const backend =
    forwarder.backend === undefined
      ? requireOneOf("QUICPIPE_BACKEND", fromEnvironment || undefined, backends)
      : requireOneOf("forwarder.backend", forwarder.backend, backends);
  const threads = requireInteger("forwarder.threads", forwarder.threads, {
    min: 1,
    max: defaults.maxForwarderThreads,
    fallback: defaults.forwarderThreads,
  });
  if (forwarder.backend === "dgram" && threads > 1)
    throw optionInvalid("forwarder.threads", threads, '1 with the backend "dgram", which runs in one thread');
  return { backend, threads };
}

const backends: readonly [BackendChoice, ...BackendChoice[]] = ["auto", "dgram", "native"];

/** Returns the address of the app's HTTP/3 server. @throws ERR_QUICPIPE_OPTION_INVALID */
export function resolveUpstream(value: UpstreamOptions): Address {
  const { host, port } = requireOptions("upstream", value, upstreamOptionNames);
  if (port === undefined) throw optionInvalid("upstream.port", port, "a whole number from 1 to 65535");
  return {
    // The splice gives each client its own virtual address out of 127.0.0.0/8.
    address: requireText("upstream.host", host, "a loopback IP literal", isLoopback) ?? "127.0.0.1",
    port: requireInteger("upstream.port", port, { min: 1, max: 65_535, fallback: port }),
  };
}

function resolveTrustedProxies(value: readonly string[] | undefined): ReadonlySet<string> {
  const list: unknown = value ?? defaults.trustedProxies;
  const allowed = "a list of IP literals, no prefixes, outside of 127.1.0.0 to 127.255.255.255";
  if (!Array.isArray(list)) throw optionInvalid("trustedProxies", value, allowed);
  const wrong = list.findIndex((each) => !isProxy(each));
  if (wrong !== -1) throw elementInvalid("trustedProxies", list[wrong], allowed);
  return new Set(list.map(plainIp));
}

/** Reports whether a text can be the address of a proxy. One that the splice assigns is always a client's. */
function isProxy(text: unknown): text is string {
  return typeof text === "string" && isIP(text) !== 0 && !isVirtualAddress(plainIp(text));
}

/**
 * Requires a URL path. It is used verbatim: no trailing slash, and in a form that URL parsing does not change, so without the
 * segments `.` and `..` (RFC 3986 §5.2.4).
 */
function requirePath(name: string, value: unknown, fallback: string): string {
  return requireText(name, value, 'a path such as "/relay"', (text) => pathPattern.test(text)) ?? fallback;
}

const pathPattern = /^(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+)+$/;

function resolveConsolePath(basePath: string, value: QuicpipeOptions["console"]): string | undefined {
  if (value === false) return undefined;
  if (value !== undefined && (typeof value !== "object" || value === null))
    throw optionInvalid("console", value, "false or an object with path");
  const { path } = requireOptions("console", value, consoleOptionNames);
  return basePath + requirePath("console.path", path, "/relay");
}

function isPublicAddress(text: string): boolean {
  const address = parseAddress(text);
  return address !== undefined && address.port > 0;
}

function resolveTelemetry(value: TelemetryOptions | false | undefined): TelemetryOptions | false {
  if (value === false) return false;
  if (value !== undefined && (typeof value !== "object" || value === null))
    throw optionInvalid("telemetry", value, "false or an object with intervalMs");
  const { intervalMs } = requireOptions("telemetry", value, telemetryOptionNames);
  if (intervalMs === undefined) return {};
  const range = { min: defaults.minTelemetryIntervalMs, max: 2 ** 31 - 1, fallback: 0 };
  return { intervalMs: requireInteger("telemetry.intervalMs", intervalMs, range) };
}
