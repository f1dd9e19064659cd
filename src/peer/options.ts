import { isIP, isIPv4 } from "node:net";
import * as defaults from "../defaults/index.ts";
import { QuicpipeError } from "../errors.ts";
import { namesOf, requireOptions } from "../option-checks.ts";
import { requireCertificates } from "../files/pem.ts";
import { maxPacketBytes } from "../protocol.ts";
import type { Address } from "../wire/address.ts";
import { isLoopbackHost } from "../wire/ip.ts";
import { minInitialDatagramBytes } from "../wire/quic-packet.ts";
import { type Alpn, requireAlpn } from "./alpn.ts";
import type { Identity } from "./trust/identity.ts";
import { lookUpRelay, orderAddresses } from "./relay-addresses.ts";
import type { Trust } from "./trust/trust.ts";

/** Options for binding a peer. */
export interface PeerOptions {
  /**
   * URL of the relay, such as `https://relay.example:4433`. Its path is the base path; the default port is 443. `http:` (TCP,
   * no TLS, port 80) is accepted for a relay on this machine only.
   */
  readonly relay: string | URL;
  /** Bearer token, or a function that returns one whenever it is needed; absent for a relay without authentication. */
  readonly token?: string | (() => string | Promise<string>) | undefined;
  /** This peer's identity, from `createIdentity` or `loadIdentity`; a new one for this peer alone if absent. */
  readonly identity?: Pick<Identity, "certificate" | "privateKey"> | undefined;
  /** Trust in other peers where a dial or accept gives none; no peer is trusted if absent. */
  readonly trust?: Trust | undefined;
  /**
   * CA certificates (PEM) against which the relay's certificate is verified; the system's CAs if absent. `"insecure"`
   * verifies nothing. An `http:` relay has no certificate and takes none.
   */
  readonly relayCa?: string;
  /**
   * Application protocols, of which both peers must have one (RFC 7301); `"quicpipe"` if absent. Of several in common, the
   * dialer's first is taken, as `connection.protocol` tells.
   */
  readonly alpn?: Alpn | undefined;
  /**
   * Local IP address to bind. Its family limits the addresses of the relay that can be reached. If absent, all
   * addresses: `::`, or `0.0.0.0` if the URL has an IPv4 address.
   */
  readonly host?: string | undefined;
  /** Local UDP port; 0, a free one, if absent. */
  readonly port?: number | undefined;
  /** Longest UDP payload to send, 1200 to 1472 bytes; 1200, which every path carries, if absent. */
  readonly maxUdpPayloadBytes?: number | undefined;
  /** Silence after which a connection ends, in ms, 1000 to 600 000; 30 000 if absent. The shorter one of both peers counts. */
  readonly idleTimeoutMs?: number | undefined;
  /** Interval of each connection's keepalives, in ms, 100 to 60 000; 15 000 if absent. */
  readonly keepaliveMs?: number | undefined;
  /** Time limit of one request to the relay, in ms, 100 to 60 000; 10 000 if absent. */
  readonly requestTimeoutMs?: number | undefined;
  /** Time limit of a handshake after a first flight has come, in ms, 100 to 60 000; 10 000 if absent. */
  readonly handshakeTimeoutMs?: number | undefined;
  /** Flow control window of a connection and of each stream, in bytes, 64 KiB to 1 GiB; 16 MiB if absent. */
  readonly flowWindowBytes?: number | undefined;
  /** Streams of each kind that the other peer may have open, 1 to 65 536; 100 if absent. */
  readonly maxStreams?: number | undefined;
  /** Connection IDs of one connection, 4 to 65 536; 32 if absent. The relay may allow fewer. */
  readonly cidsPerConnection?: number | undefined;
  /**
   * Connections accepted ahead of the iteration over the peer, 0 to 1024; 16 if absent. Further dialers wait in the
   * mailbox.
   */
  readonly backlog?: number | undefined;
  /**
   * Whether to record spans through `@opentelemetry/api`, if installed, and send `traceparent` to the relay; true if
   * absent.
   */
  readonly telemetry?: boolean | undefined;
  /** Receives failures in the background, such as of accepting or of reading the mailbox. The peer carries on. */
  readonly onError?: ((error: QuicpipeError) => void) | undefined;
}

/** The compiler checks that the list is complete: a missing name would be refused. */
const optionNames = namesOf<PeerOptions>({
  relay: true,
  token: true,
  identity: true,
  trust: true,
  relayCa: true,
  alpn: true,
  host: true,
  port: true,
  maxUdpPayloadBytes: true,
  idleTimeoutMs: true,
  keepaliveMs: true,
  requestTimeoutMs: true,
  handshakeTimeoutMs: true,
  flowWindowBytes: true,
  maxStreams: true,
  cidsPerConnection: true,
  backlog: true,
  telemetry: true,
  onError: true,
});

/** Checked options with their defaults, and the relay's address from the first look-up. */
export interface PeerSettings {
  /** Transport of requests: HTTP/3 from the peer's own socket, or HTTP/1.1 to a relay on this machine. */
  readonly transport: "http3" | "tcp";
  readonly relayHost: string;
  /** Host and port as in `:authority`. */
  readonly authority: string;
  readonly relay: Address;
  /** All addresses from the first look-up. */
  readonly addresses: readonly string[];
  readonly basePath: string;
  readonly token: () => Promise<string>;
  readonly trust: Trust | undefined;
  readonly relayCa: string | undefined;
  readonly alpn: readonly string[];
  readonly host: string;
  readonly port: number;
  readonly maxUdpPayloadBytes: number;
  readonly idleTimeoutMs: number;
  readonly keepaliveMs: number;
  readonly requestTimeoutMs: number;
  readonly handshakeTimeoutMs: number;
  readonly flowWindowBytes: number;
  readonly maxStreams: number;
  readonly cidsPerConnection: number;
  readonly backlog: number;
  readonly telemetry: boolean;
  readonly onError: (error: QuicpipeError) => void;
}

/**
 * Checks the options and looks up the relay's host name.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID naming the option.
 * @throws ERR_QUICPIPE_RELAY_UNREACHABLE if the host name has no address.
 */
export async function resolveSettings(options: PeerOptions): Promise<PeerSettings> {
  requireOptions("", options, optionNames);
  const url = relayUrl(options.relay);
  const relayHost = url.hostname.replace(/^\[|\]$/g, "");
  const basePath = url.pathname.replace(/\/+$/, "");
  const isSecure = url.protocol === "https:";
  // Without TLS no resolver is believed about where this machine is (RFC 6761 §6.3).
  const addresses = isSecure || isIP(relayHost) !== 0 ? await lookUpRelay(relayHost) : localAddresses;
  const [address] = orderAddresses(addresses, undefined);
  const range = (name: keyof PeerOptions, min: number, max: number, absent: number): number =>
    numberIn(name, options[name], min, max, absent);
  const { token = "" } = options;
  if (typeof token !== "string" && typeof token !== "function")
    throw invalid("token", token, "a string or a function that returns one");
  if (Object.hasOwn(options, "relayCa")) requireRelayCa(options.relayCa, url);
  return {
    transport: isSecure ? "http3" : "tcp",
    relayHost,
    authority: url.host,
    relay: { address: address!, port: Number(url.port || (isSecure ? 443 : 80)) },
    addresses,
    basePath,
    token: async () => (typeof token === "string" ? token : token()),
    trust: options.trust,
    relayCa: options.relayCa,
    alpn: requireAlpn(options.alpn, ["quicpipe"]),
    host: options.host ?? (isIPv4(relayHost) ? "0.0.0.0" : "::"),
    port: range("port", 0, 65_535, 0),
    maxUdpPayloadBytes: range(
      "maxUdpPayloadBytes",
      minInitialDatagramBytes,
      maxPacketBytes,
      defaults.maxUdpPayloadBytes,
    ),
    idleTimeoutMs: range("idleTimeoutMs", 1000, 600_000, defaults.idleTimeoutMs),
    keepaliveMs: range("keepaliveMs", 100, 60_000, defaults.keepaliveMs),
    requestTimeoutMs: range("requestTimeoutMs", 100, 60_000, defaults.requestTimeoutMs),
    handshakeTimeoutMs: range("handshakeTimeoutMs", 100, 60_000, defaults.handshakeTimeoutMs),
    flowWindowBytes: range("flowWindowBytes", 65_536, 1_073_741_824, defaults.flowWindowBytes),
    maxStreams: range("maxStreams", 1, 65_536, defaults.maxStreams),
    cidsPerConnection: range("cidsPerConnection", 4, 65_536, defaults.cidsPerConnection),
    backlog: range("backlog", 0, 1024, defaults.backlog),
    telemetry: options.telemetry ?? true,
    onError: options.onError ?? (() => undefined),
  };
}

/** Returns an option that must be a whole number in a range, or its default. */
export function numberIn(name: string, value: unknown, min: number, max: number, absent: number): number {
  if (value === undefined) return absent;
  if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
  throw invalid(name, value, `a whole number from ${min} to ${max}`);
}

/** Addresses of `localhost`, in the order of trying. */
const localAddresses: readonly string[] = ["127.0.0.1", "::1"];

function relayUrl(relay: string | URL): URL {
  const url = URL.parse(String(relay));
  if (url?.protocol === "https:") return url;
  // It carries tokens and keys in the clear.
  if (url?.protocol === "http:" && isLoopbackHost(url.hostname)) return url;
  throw invalid(
    "relay",
    relay,
    "an https URL such as https://relay.example:4433, or an http one of this machine such as http://localhost:3000",
  );
}

/** Refuses a CA that is missing where one was meant, as the system's would take its place, and one that would have no effect. */
function requireRelayCa(relayCa: string | undefined, { protocol }: URL): void {
  if (protocol === "http:")
    throw invalid(
      "relayCa",
      "given",
      "absent for an http relay, which has no certificate: give an https URL",
    );
  if (relayCa === undefined) throw invalid("relayCa", relayCa, `PEM text or "insecure", or else absent`);
  if (relayCa !== "insecure") requireCertificates("relayCa", relayCa);
}

function invalid(name: string, value: unknown, wanted: string): QuicpipeError {
  // A token must not show up in a message.
  const shown = name === "token" ? typeof value : String(value);
  return new QuicpipeError("ERR_QUICPIPE_OPTION_INVALID", `${name} is ${shown}; it must be ${wanted}`, {
    details: { option: name },
  });
}
