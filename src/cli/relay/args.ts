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
} as const;

/** Values of {@link relayArgs} from the command line. */
export type RelayArgs = {
  readonly [Name in keyof typeof relayArgs]?: Name extends "xdp-pin"
    ? boolean | undefined
    : string | undefined;
};
