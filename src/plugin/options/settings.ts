import { isIP } from "node:net";
import * as defaults from "../../defaults/index.ts";
import {
  type BackendChoice,
  isVirtualAddress,
  type SourcePolicy,
  type StunPolicy,
} from "../../forwarder/index.ts";
import type { TelemetryOptions } from "../../telemetry/index.ts";
import { type Address, isLoopback, parseAddress, plainIp } from "../../wire/address.ts";
import { type AuthSettings, resolveAuth } from "./auth.ts";
import { type Limits, resolveLimits } from "./limits.ts";
import { type Logger, requireLogger } from "../../log.ts";
import {
  checkOptions,
  elementInvalid,
  namesOf,
  optionInvalid,
  type OptionChecks,
  type OptionTable,
  range,
  requireBoolean,
  requireFunction,
  requireInteger,
  requireOneOf,
  requireOptions,
  requireText,
} from "../../option-checks.ts";
import type {
  ConsoleOptions,
  ForwarderTuningOptions,
  HealthOptions,
  MetricsOptions,
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
  readonly stunPort: number | undefined;
  /** Path of the console including the base path; `undefined` if it is disabled. */
  readonly consolePath: string | undefined;
  /** Path in front of the probes including the base path; `undefined` if there are none. */
  readonly healthPath: string | undefined;
  /** Path in front of `/metrics` including the base path; `undefined` if it is off. */
  readonly metricsPath: string | undefined;
  readonly auth: AuthSettings;
  readonly invitations: boolean;
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
  const production = environment.NODE_ENV === "production";
  const checks = {
    host: (path, value) => requireText(path, value, "an IP literal", (text) => isIP(text) !== 0) ?? "::",
    port: range(0, defaults.port, 65_535),
    upstream: (_, value) => (value === undefined ? undefined : resolveUpstream(value)),
    trustedProxies: (_, value) => resolveTrustedProxies(value),
    publicAddress: (path, value) => requireText(path, value, "host:port", isPublicAddress),
    basePath: (path, value) => (value === "" ? "" : requirePath(path, value, "")),
    console: (_, value) => resolveConsolePath(value),
    health: (_, value) => resolvePathBefore("health", value, "false or"),
    metrics: (_, value) => resolveMetricsPath(value),
    auth: (_, value) => resolveAuth(value, production),
    invitations: (path, value) => requireBoolean(path, value, true),
    limits: (_, value) => resolveLimits(value),
    hooks: (_, value) => resolveHooks(value),
    forwarder: (_, value) => resolveForwarder(value, environment),
    xdp: (_, value) => resolveXdp(value, environment.QUICPIPE_XDP_IFACE),
    stunPort: (path, value) => (value === undefined ? value : requireInteger(path, value, stunPortRange)),
    stun: (path, value) => requireOneOf<StunPolicy>(path, value, ["registered", "public"]),
    telemetry: (_, value) => resolveTelemetry(value),
    logger: (_, value) => requireLogger(value),
  } satisfies OptionChecks<QuicpipeOptions>;
  const { console, health, metrics, forwarder, ...others } = checkOptions("quicpipe(…)", given, checks);
  if (others.stunPort === others.port && others.port !== 0)
    throw optionInvalid("stunPort", others.stunPort, "another port than the option port");
  const below = (path: string | undefined): string | undefined =>
    path === undefined ? undefined : others.basePath + path;
  const paths = { consolePath: below(console), healthPath: below(health), metricsPath: below(metrics) };
  return { ...others, ...forwarder, ...paths };
}

const stunPortRange = range(0, 0, 65_535);

const forwarderRanges = {
  threads: range(1, defaults.forwarderThreads, defaults.maxForwarderThreads),
  maxGatewayClients: range(1, defaults.maxGatewayClients, 65_536),
  socketBufferBytes: range(65_536, defaults.socketBufferBytes, 2 ** 30),
};

const hookTable: OptionTable<RelayHooks> = { onRegister: true, onMove: true, onEnd: true };

function resolveHooks(value: RelayHooks | undefined): RelayHooks {
  const hooks = requireOptions("hooks", value, hookTable);
  for (const name of namesOf(hookTable)) requireFunction(`hooks.${name}`, hooks[name]);
  return hooks;
}

function resolveForwarder(
  value: ForwarderTuningOptions | undefined,
  { QUICPIPE_BACKEND: fromEnvironment }: Environment,
): Required<ForwarderTuningOptions> {
  const checks = {
    ...forwarderRanges,
    backend: (path, given) =>
      given === undefined
        ? requireOneOf("QUICPIPE_BACKEND", fromEnvironment || undefined, backends)
        : requireOneOf(path, given, backends),
    sourcePolicy: (path, given) => requireOneOf<SourcePolicy>(path, given, ["registered", "any"]),
  } satisfies OptionChecks<ForwarderTuningOptions>;
  const checked = checkOptions("forwarder", value, checks);
  if (value?.backend === "dgram" && checked.threads > 1)
    throw optionInvalid(
      "forwarder.threads",
      checked.threads,
      '1 with the backend "dgram", which runs in one thread',
    );
  return checked;
}

const backends: readonly [BackendChoice, ...BackendChoice[]] = ["auto", "dgram", "native"];

/** Returns the address of the app's HTTP/3 server. @throws ERR_QUICPIPE_OPTION_INVALID */
export function resolveUpstream(value: UpstreamOptions): Address {
  const { host, port } = requireOptions("upstream", value, { host: true, port: true });
  if (port === undefined) throw optionInvalid("upstream.port", port, "a whole number from 1 to 65535");
  return {
    // The splice gives each client its own virtual address out of 127.0.0.0/8.
    address: requireText("upstream.host", host, "a loopback IP literal", isLoopback) ?? "127.0.0.1",
    port: requireInteger("upstream.port", port, range(1, port, 65_535)),
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

function resolveConsolePath(value: QuicpipeOptions["console"]): string | undefined {
  if (value === false) return undefined;
  if (value !== undefined && (typeof value !== "object" || value === null))
    throw optionInvalid("console", value, "false or an object with path");
  const { path } = requireOptions<ConsoleOptions>("console", value, { path: true });
  return requirePath("console.path", path, "/relay");
}

function resolveMetricsPath(value: QuicpipeOptions["metrics"]): string | undefined {
  if (value === undefined || value === false) return undefined;
  return resolvePathBefore("metrics", value === true ? {} : value, "a boolean or");
}

/** Returns the path in front of the routes of an option; `undefined` if they are off. It may be empty. */
function resolvePathBefore(option: string, value: unknown, or: string): string | undefined {
  if (value === false) return undefined;
  if (value !== undefined && (typeof value !== "object" || value === null))
    throw optionInvalid(option, value, `${or} an object with path`);
  const { path } = requireOptions<HealthOptions & MetricsOptions>(option, value, { path: true });
  return path === "" ? "" : requirePath(`${option}.path`, path, "/v1");
}

function isPublicAddress(text: string): boolean {
  const address = parseAddress(text);
  return address !== undefined && address.port > 0;
}

function resolveTelemetry(value: TelemetryOptions | false | undefined): TelemetryOptions | false {
  if (value === false) return false;
  if (value !== undefined && (typeof value !== "object" || value === null))
    throw optionInvalid("telemetry", value, "false or an object with intervalMs");
  const { intervalMs } = requireOptions<TelemetryOptions>("telemetry", value, { intervalMs: true });
  if (intervalMs === undefined) return {};
  const allowed = range(defaults.minTelemetryIntervalMs, 0, defaults.maxTimerMs);
  return { intervalMs: requireInteger("telemetry.intervalMs", intervalMs, allowed) };
}
