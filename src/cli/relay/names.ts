import { type RelayArgs, relayArgs } from "./args.ts";

/** A flag of `quicpipe relay`, without its dashes. */
export type RelayFlag = keyof RelayArgs;

/** The option in the config file by the flag that says the same. `config` and `check` are about the file itself. */
export const configKeys: Readonly<Record<Exclude<RelayFlag, "config" | "check">, string>> = {
  host: "host",
  port: "port",
  "stun-port": "stunPort",
  "trusted-proxies": "trustedProxies",
  "public-address": "publicAddress",
  "base-path": "basePath",
  cert: "tls.cert",
  key: "tls.key",
  jwks: "auth.jwks",
  issuer: "auth.issuer",
  audience: "auth.audience",
  "key-grace": "auth.keyGraceMs",
  auth: "auth",
  stun: "stun",
  backend: "forwarder.backend",
  threads: "forwarder.threads",
  xdp: "xdp.interfaces",
  "xdp-pin": "xdp.pin",
  forwarder: "forwarder",
  limits: "limits",
  invitations: "invitations",
  console: "console",
  health: "health",
  telemetry: "telemetry",
  metrics: "metrics",
  "metrics-listen": "metricsListen",
  "log-format": "logFormat",
  "log-level": "logLevel",
  drain: "drainSeconds",
};

/** The flags that an option of the config file may have come from, the exact one before that of an object around it. */
export function flagsOf(option: string): RelayFlag[] {
  const exact = option.replace(/\[\d+\]$/, "");
  const names = new Set([exact, exact.split(".", 1)[0]!]);
  return [...names].flatMap((name) =>
    Object.entries(configKeys).flatMap(([flag, key]) => (key === name ? [flag as RelayFlag] : [])),
  );
}

/** What the names of the relay's environment variables begin with. */
export const environmentPrefix = "QUICPIPE_RELAY_";

/** The flags by the environment variables that say the same, such as `QUICPIPE_RELAY_STUN_PORT`. */
export const environmentFlags: ReadonlyMap<string, RelayFlag> = new Map(
  Object.keys(relayArgs).map((flag) => [environmentNameOf(flag as RelayFlag), flag as RelayFlag]),
);

/** Returns the environment variable that says what a flag says. */
export function environmentNameOf(flag: RelayFlag): string {
  return environmentPrefix + flag.replaceAll("-", "_").toUpperCase();
}
