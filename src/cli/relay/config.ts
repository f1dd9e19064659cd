import { port as defaultPort } from "../../defaults/index.ts";
import { QuicpipeError } from "../../errors.ts";
import { isJsonObject, optionError } from "../../option-checks.ts";
import type { QuicpipeOptions } from "../../plugin/index.ts";
import { listOf, type NumberRange, readOptionFile, requireNumber } from "../arguments.ts";
import { suggestion } from "../suggestion.ts";
import type { RelayArgs } from "./args.ts";
import { checkCommandOptions, type CommandOptions, maxDrainSeconds } from "./command-options.ts";

/** Files of the gateway's TLS certificate. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** A relay as configured. Without `tls`, it serves the development certificate. */
export interface RelayConfig extends CommandOptions {
  readonly options: QuicpipeOptions;
  readonly tls: TlsFiles | undefined;
}

/**
 * Combines the config file and the command line, which takes precedence.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID if the file is no JSON object or options contradict each other.
 * @throws ERR_QUICPIPE_AUTH_REQUIRED if, in production, no option says how tokens are checked.
 */
export function relayConfig(args: RelayArgs, production = false): RelayConfig {
  const file = args.config === undefined ? {} : readConfig(args.config);
  requireEffect(file);
  requireKnown(file);
  const values = Object.entries(fileOptions).map(([name, fromFlags]) => [
    name,
    fromFlags(args, file[name]) ?? file[name],
  ]);
  // quicpipe() itself refuses wrong values from the file.
  const { tls, metricsListen, logFormat, logLevel, drainSeconds, ...options } = Object.fromEntries(
    values,
  ) as FileOptions;
  requireTwoPorts(options, args, file);
  if (production && options.auth === undefined) throw authRequired();
  return { options, tls, ...checkCommandOptions({ metricsListen, logFormat, logLevel, drainSeconds }) };
}

/** Those of quicpipe() that JSON can hold and this command does not decide itself. */
type FileOptions = Omit<QuicpipeOptions, "upstream" | "hooks" | "logger"> &
  CommandOptions & { readonly tls?: TlsFiles };

const ports: NumberRange = { max: 65_535 };

/** The options of a config file, and what flags say of each. */
const fileOptions: Readonly<Record<keyof FileOptions, (args: RelayArgs, file: unknown) => unknown>> = {
  host: ({ host }) => host,
  port: ({ port }) => numberOf("--port", port, ports),
  trustedProxies: ({ "trusted-proxies": proxies }) => (proxies === undefined ? undefined : listOf(proxies)),
  publicAddress: (args) => args["public-address"],
  basePath: (args) => args["base-path"],
  console: ({ console }) => jsonOf("--console", console),
  health: ({ health }) => jsonOf("--health", health),
  metrics: ({ metrics }) => metrics,
  auth: authOf,
  stun: ({ stun }) => stun,
  stunPort: (args) => numberOf("--stun-port", args["stun-port"], ports),
  forwarder: forwarderOf,
  xdp: xdpOf,
  invitations: ({ invitations }) => jsonOf("--invitations", invitations),
  limits: ({ limits }) => jsonOf("--limits", limits),
  metricsListen: (args) => args["metrics-listen"],
  logFormat: (args) => args["log-format"],
  logLevel: (args) => args["log-level"],
  drainSeconds: ({ drain }) => numberOf("--drain", drain, { max: maxDrainSeconds, unit: "seconds" }),
  telemetry: ({ telemetry }) => jsonOf("--telemetry", telemetry),
  tls: tlsOf,
};

/** @throws ERR_QUICPIPE_OPTION_INVALID for an option of quicpipe() that this command decides itself. */
function requireEffect(file: Record<string, unknown>): void {
  if ("logger" in file)
    throw optionError("logger", "`logger` in the config file has no effect: log lines go to stderr");
  if ("upstream" in file)
    throw optionError(
      "upstream",
      "`upstream` in the config file has no effect: this relay has an HTTP/3 server of its own",
    );
}

/** @throws ERR_QUICPIPE_OPTION_INVALID for an option that a config file does not have. */
function requireKnown(file: Record<string, unknown>): void {
  const known = Object.keys(fileOptions);
  const unknown = Object.keys(file).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const hint = suggestion(unknown, known);
  throw optionError(unknown, `option ${unknown} is unknown${hint}; known here are ${known.join(", ")}`);
}

/** @throws ERR_QUICPIPE_OPTION_INVALID if a flag gives both ports one number. Of two options in the file quicpipe() says it. */
function requireTwoPorts(
  { port = defaultPort, stunPort }: QuicpipeOptions,
  args: RelayArgs,
  file: Record<string, unknown>,
): void {
  const flag = (["stun-port", "port"] as const).find((name) => args[name] !== undefined);
  if (port !== stunPort || port === 0 || flag === undefined) return;
  const second = args["stun-port"] === undefined ? "`stunPort` in the config file" : "--stun-port";
  const inFile = file["port"] === undefined ? "the default of --port" : "`port` in the config file";
  const first = args.port === undefined ? inFile : "--port";
  throw optionError(`--${flag}`, `${second} and ${first} are both ${port}: give one of them another number`);
}

/** Leaves out what was not given, so that it does not take the place of a value from the file. */
function given(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function numberOf(option: string, value: string | undefined, range?: NumberRange): number | undefined {
  return value === undefined ? undefined : requireNumber(option, value, range);
}

/** Parses a flag that is an object of the config file. What the object holds is checked as there. */
function jsonOf(option: string, text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw optionError(option, `${option} is no JSON: ${String(cause)}`, cause);
  }
}

function forwarderOf({ backend, threads, forwarder }: RelayArgs, file: unknown): unknown {
  const whole = jsonOf("--forwarder", forwarder);
  if (backend === undefined && threads === undefined) return whole;
  return {
    ...((whole ?? file) as object | undefined),
    ...given({ backend, threads: numberOf("--threads", threads) }),
  };
}

function xdpOf({ xdp, "xdp-pin": pin }: RelayArgs, file: unknown): unknown {
  if (xdp === undefined && pin === undefined) return undefined;
  if (xdp === "off" && pin) throw optionError("--xdp-pin", "--xdp off leaves nothing to pin: omit --xdp-pin");
  if (xdp === "off") return xdp;
  return {
    ...(typeof file === "object" ? file : {}),
    ...(xdp === undefined ? {} : { interfaces: xdp === "auto" ? undefined : listOf(xdp) }),
    ...given({ pin }),
  };
}

function authOf(args: RelayArgs): QuicpipeOptions["auth"] {
  const { auth, jwks, issuer, audience, "key-grace": keyGrace } = args;
  const isAsked = [jwks, issuer, audience, keyGrace].some((value) => value !== undefined);
  if (auth === "none" && !isAsked) return "none";
  if (auth === "none")
    throw optionError(
      "--auth",
      "--auth none lets everybody in: omit --jwks, --issuer, --audience and --key-grace",
    );
  if (!isAsked) return undefined;
  if (jwks === undefined && issuer === undefined)
    throw optionError(
      "--audience",
      "--audience and --key-grace need --issuer or --jwks, the keys to check tokens with",
    );
  const keyGraceMs = keyGrace === undefined ? undefined : requireNumber("--key-grace", keyGrace) * 1000;
  return given({ jwks, issuer, audience, keyGraceMs });
}

function tlsOf({ cert, key }: RelayArgs, file: unknown): TlsFiles | undefined {
  if (cert !== undefined && key !== undefined) return { cert, key };
  if (cert !== undefined || key !== undefined) throw optionError("--cert", "--cert and --key go together");
  if (file === undefined) return undefined;
  if (isTlsFiles(file)) return file;
  throw optionError("tls", '`tls` in the config file must be {"cert": file, "key": file}');
}

function isTlsFiles(value: unknown): value is TlsFiles {
  const { cert, key } = (value ?? {}) as Partial<Record<keyof TlsFiles, unknown>>;
  return typeof cert === "string" && typeof key === "string";
}

function readConfig(path: string): Record<string, unknown> {
  const text = readOptionFile("--config", path);
  try {
    const value: unknown = JSON.parse(text);
    if (isJsonObject(value)) return { ...value };
  } catch (cause) {
    throw optionError("--config", `${path} is no JSON: ${String(cause)}`, cause);
  }
  throw optionError("--config", `${path} must hold one JSON object, the options of quicpipe()`);
}

/** The refusal of quicpipe(), in terms of the command line. */
function authRequired(): QuicpipeError {
  return new QuicpipeError(
    "ERR_QUICPIPE_AUTH_REQUIRED",
    'NODE_ENV is "production" and nothing says how tokens are checked: give --issuer with your issuer\'s URL or --jwks with that of its keys, or --auth none to let everybody in',
  );
}
