/** Options of `quicpipe relay`. */
export const relayArgs = {
  config: {
    type: "string",
    description:
      "JSON file with the options of quicpipe() and, as `tls`, the files `cert` and `key`; options given here take precedence",
    valueHint: "file",
  },
  host: {
    type: "string",
    description: "Address to bind (default: ::, both IPv4 and IPv6)",
    valueHint: "address",
  },
  port: {
    type: "string",
    description: "UDP port, and TCP port for browsers (default: 4433)",
    valueHint: "port",
  },
  "stun-port": {
    type: "string",
    description:
      "A second UDP port, by which peers find out whether their NAT gives each destination another port; open it in the firewall (default: none)",
    valueHint: "port",
  },
  "trusted-proxies": {
    type: "string",
    description:
      "Reverse proxies between the relay and the app whose X-Forwarded-For counts (default: 127.0.0.1,::1)",
    valueHint: "addresses",
  },
  "public-address": {
    type: "string",
    description: "What peers are told to send to, and browsers of HTTP/3, if not the name they asked",
    valueHint: "host:port",
  },
  "base-path": {
    type: "string",
    description: "URL path in front of all of the relay's paths (default: none)",
    valueHint: "path",
  },
  cert: {
    type: "string",
    description: "TLS certificate chain, PEM (default: a development certificate)",
    valueHint: "file",
  },
  key: { type: "string", description: "Its private key, PEM", valueHint: "file" },
  jwks: {
    type: "string",
    description: "Where the issuer of the peers' tokens publishes its keys (default: where the issuer says)",
    valueHint: "url",
  },
  issuer: {
    type: "string",
    description: "The `iss` that tokens must have; without --jwks the URL that its keys are found by",
    valueHint: "url",
  },
  audience: { type: "string", description: "The `aud` that tokens must have", valueHint: "name" },
  "key-grace": {
    type: "string",
    description: "Seconds that the issuer's keys stay good while it cannot be reached (default: 86400)",
    valueHint: "seconds",
  },
  auth: {
    type: "enum",
    options: ["none"] as string[],
    description: "`none` lets everybody in, without a token",
  },
  stun: {
    type: "enum",
    options: ["registered", "public"] as string[],
    description: "Whether STUN answers strangers (default: registered)",
  },
  backend: {
    type: "enum",
    options: ["auto", "dgram", "native"] as string[],
    description: "Data plane: `native` is fast and for Linux, `dgram` runs anywhere (default: auto)",
  },
  threads: { type: "string", description: "Threads of the native backend (default: 1)", valueHint: "n" },
  xdp: {
    type: "string",
    description:
      "Forward in the kernel: `auto`, `off`, or interfaces such as eth0,eth1 (default: auto); see `quicpipe doctor`",
    valueHint: "where",
  },
  "xdp-pin": {
    type: "boolean",
    description: "Let the kernel go on forwarding while the relay is restarted",
  },
  forwarder: {
    type: "string",
    description: "The option `forwarder` of quicpipe(), as in the config file",
    valueHint: "json",
  },
  limits: {
    type: "string",
    description: "The option `limits` of quicpipe(), as in the config file",
    valueHint: "json",
  },
  invitations: {
    type: "string",
    description: "The option `invitations` of quicpipe(): `true` (default) or `false`",
    valueHint: "json",
  },
  console: {
    type: "string",
    description: "The option `console` of quicpipe(): `false`, or where it is",
    valueHint: "json",
  },
  health: {
    type: "string",
    description:
      "The option `health` of quicpipe(): `false`, or where the probes are (default: /healthz and /readyz)",
    valueHint: "json",
  },
  telemetry: {
    type: "string",
    description: "The option `telemetry` of quicpipe(), as in the config file",
    valueHint: "json",
  },
  metrics: {
    type: "boolean",
    description: "Answer GET /metrics, for tokens with the scope relay:metrics (default: no)",
  },
  "metrics-listen": {
    type: "string",
    description:
      "A listener for Prometheus, over plain HTTP and without a token, such as 127.0.0.1:9464 (default: none)",
    valueHint: "address:port",
  },
  "log-format": {
    type: "enum",
    options: ["text", "json"] as string[],
    description: "Lines of the log as text or as JSON (default: text)",
  },
  "log-level": {
    type: "enum",
    options: ["error", "warn", "info", "debug"] as string[],
    description: "The least severe lines of the log (default: info)",
  },
  drain: {
    type: "string",
    description:
      "Seconds for which present peers are still forwarded once the relay is told to end (default: 0)",
    valueHint: "seconds",
  },
  check: {
    type: "boolean",
    description: "Check configuration, certificate, ports and backend, print the findings and end",
  },
} as const;

/** Values of {@link relayArgs}. */
export type RelayArgs = {
  readonly [Name in keyof typeof relayArgs]?:
    | ((typeof relayArgs)[Name]["type"] extends "boolean" ? boolean : string)
    | undefined;
};
