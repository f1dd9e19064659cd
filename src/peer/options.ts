import { isIP } from "node:net";
import * as defaults from "../defaults/index.ts";
import type { QuicpipeError } from "../errors.ts";
import {
  elementInvalid,
  hiddenInvalid,
  type IntegerRange,
  optionInvalid,
  type OptionTable,
  range,
  requireBoolean,
  requireFunction,
  requireIntegers,
  requireOneOf,
  requireOptions,
  requireText,
  requireTexts,
} from "../option-checks.ts";
import { maxPacketBytes, type RefusalReason } from "../protocol.ts";
import type { Address } from "../wire/address.ts";
import { minInitialDatagramBytes } from "../wire/quic-packet.ts";
import type { Identity } from "./trust/identity.ts";
import { type RecordOptions, requireRecords } from "./records.ts";
import { lookUpRelay, orderAddresses } from "./relay-addresses.ts";
import { relayUrl, requireRelayCa } from "./relay-url.ts";
import type { PeerStatus } from "./status.ts";
import type { Trust } from "./trust/trust.ts";
import type { WaitingDial } from "./waiting-dial.ts";
import { directPolicies, type DirectPolicy } from "./path/policy.ts";

/** Options for binding a peer. */
export interface PeerOptions extends RecordOptions {
  /**
   * URL of the relay, such as `https://relay.example:4433`. Its path is the relay's `basePath`. Without a port it means 443,
   * as every `https:` URL does; a relay itself takes 4433 by default. `http:` (TCP, no TLS, port 80) is accepted for a relay
   * on this machine only.
   */
  readonly relay: string | URL;
  /** Bearer token, or a function that returns one whenever it is needed; absent for a relay without authentication. */
  readonly token?: string | (() => string | Promise<string>);
  /** This peer's identity, from `createIdentity` or `loadIdentity`; a new one for this peer alone if absent. */
  readonly identity?: Pick<Identity, "certificate" | "privateKey">;
  /** Trust in other peers where a dial or accept gives none; no peer is trusted if absent. */
  readonly trust?: Trust;
  /**
   * CA certificates (PEM) against which the relay's certificate is verified, or the pin of its key (`sha256/…`), which is then all that
   * counts; the system's CAs if absent. `"insecure"` verifies nothing. An `http:` relay has no certificate and takes none.
   */
  readonly relayCa?: string;
  /**
   * Application protocols, of which both peers must have one (RFC 7301); `"quicpipe"` if absent. Of several in common, the
   * accepter's first is taken, as `connection.protocol` tells.
   */
  readonly alpn?: Alpn | undefined;
  /**
   * Direct paths to other peers: `"auto"` (if absent) leaves the relay where the NATs allow it, `"public-only"` tries no private
   * address, `"never"` tries and tells none, `"require"` ends a connection that stays on the relay. The stricter of both peers counts.
   */
  readonly direct?: DirectPolicy | undefined;
  /**
   * Whether the router is asked to lead a port of its own to this peer, if it is a NAT and a connection looks for a direct path: by PCP
   * or NAT-PMP (`"auto"`, if absent), also by UPnP (`"upnp"`), which some firewalls ask people about, or not (`"never"`).
   */
  readonly portMapping?: PortMappingChoice | undefined;
  /**
   * Whether to search for the other peer's port where its NAT chooses one at random and this side's does not, or the other way round, and the
   * usual checks had no answer; not, if absent. Both peers must want it. It takes 256 sockets of one side, and 1024 checks of the other at
   * random ports of one IP address, which an operator of a network may take for a scan; 8 s, and succeeds in 98 of 100 cases.
   */
  readonly birthdaySearch?: boolean | undefined;
  /**
   * Local IP address to bind. Its family limits the addresses of the relay and of other peers that can be reached; `::`, all
   * addresses of both families, if absent.
   */
  readonly host?: string | undefined;
  /** Local UDP port; 0, a free one, if absent. */
  readonly port?: number | undefined;
  /**
   * Longest UDP payload to send, 1200 to 1472 bytes; 1452, as Ethernet carries over IPv6, if absent. Packets begin with 1200, and grow
   * as far as probes of the path arrive (RFC 8899). Over `node:dgram`, which cannot keep the system from fragmenting, they do not grow.
   */
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
  /**
   * Connection IDs that a connection begins with, 4 to 65 536; 32 if absent. When 8 are left, as many again are registered, up to
   * the relay's limit.
   */
  readonly cidsPerConnection?: number | undefined;
  /**
   * Connections accepted ahead of the iteration over the peer, 0 to 1024; 16 if absent. Further dialers wait in the
   * mailbox.
   */
  readonly backlog?: number | undefined;
  /**
   * Says whether to take a dial out of the mailbox, for the iteration over the peer; takes all if absent. With `false` it stays
   * there for other accepters, and is asked about again each second. With a reason it is refused, and the dialer told.
   */
  readonly accepts?: ((dial: WaitingDial) => boolean | RefusalReason) | undefined;
  /**
   * Whether to record spans through `@opentelemetry/api`, if installed, and send `traceparent` to the relay; true if
   * absent.
   */
  readonly telemetry?: boolean | undefined;
  /** Receives each change of `peer.status`: whether dials by name can reach this peer, and why not. */
  readonly onStatus?: ((status: PeerStatus) => void) | undefined;
  /** Receives failures in the background, such as of accepting or of reading the mailbox. The peer carries on. */
  readonly onError?: ((error: QuicpipeError) => void) | undefined;
}

type NumberName = {
  [Name in keyof PeerOptions]-?: NonNullable<PeerOptions[Name]> extends number ? Name : never;
}[keyof PeerOptions];

const ranges: Readonly<Record<NumberName, IntegerRange>> = {
  port: range(0, 0, 65_535),
  maxUdpPayloadBytes: range(minInitialDatagramBytes, defaults.maxUdpPayloadBytes, maxPacketBytes),
  idleTimeoutMs: range(1000, defaults.idleTimeoutMs, 600_000),
  keepaliveMs: range(100, defaults.keepaliveMs, 60_000),
  requestTimeoutMs: range(100, defaults.requestTimeoutMs, 60_000),
  handshakeTimeoutMs: range(100, defaults.handshakeTimeoutMs, 60_000),
  flowWindowBytes: range(65_536, defaults.flowWindowBytes, 1_073_741_824),
  maxStreams: range(1, defaults.maxStreams, 65_536),
  cidsPerConnection: range(4, defaults.cidsPerConnection, 65_536),
  backlog: range(0, defaults.backlog, 1024),
};

/** How a router may be asked for a port. */
export type PortMappingChoice = "auto" | "upnp" | "never";

const portMappingChoices: readonly [PortMappingChoice, ...PortMappingChoice[]] = ["auto", "upnp", "never"];

/** Names of all options. The compiler refuses a list that lacks one. */
const optionTable: OptionTable<PeerOptions> = {
  ...ranges,
  relay: true,
  token: true,
  identity: true,
  trust: true,
  relayCa: true,
  alpn: true,
  direct: true,
  portMapping: true,
  birthdaySearch: true,
  host: true,
  accepts: true,
  telemetry: true,
  onStatus: true,
  onError: true,
  keyLogFile: true,
  qlogFolder: true,
};

/** Checked options with their defaults, and the relay's address from the first look-up. */
export interface PeerSettings extends Readonly<Record<NumberName, number>> {
  /** Transport of requests: HTTP/3 from the peer's own socket, or HTTP/1.1, plain to a relay on this machine or over TLS. */
  readonly transport: "http3" | "tcp" | "tls";
  readonly relayHost: string;
  /** Host and port as in `:authority`. */
  readonly authority: string;
  readonly relay: Address;
  /** All addresses from the first look-up. */
  readonly addresses: readonly string[];
  /** Path under which the relay serves its routes, without a trailing slash. */
  readonly basePath: string;
  /** Returns the current bearer token; empty for a relay without authentication. */
  readonly token: () => Promise<string>;
  readonly trust: Trust | undefined;
  readonly relayCa: string | undefined;
  readonly alpn: readonly string[];
  readonly direct: DirectPolicy;
  readonly portMapping: PortMappingChoice;
  readonly birthdaySearch: boolean;
  readonly host: string;
  readonly accepts: (dial: WaitingDial) => boolean | RefusalReason;
  readonly telemetry: boolean;
  readonly onStatus: (status: PeerStatus) => void;
  readonly onError: (error: QuicpipeError) => void;
  readonly records: RecordOptions;
}

/**
 * Checks the options and looks up the relay's host name.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID naming the option.
 * @throws ERR_QUICPIPE_RELAY_UNREACHABLE if the host name has no address.
 */
export async function resolveSettings(given: PeerOptions): Promise<PeerSettings> {
  const options = requireOptions("bind(…)", given, optionTable);
  refuseUndefined(options);
  const url = relayUrl(options.relay);
  const relayHost = url.hostname.replace(/^\[|\]$/g, "");
  const basePath = url.pathname.replace(/\/+$/, "");
  const isSecure = url.protocol === "https:";
  // Without TLS no resolver is believed about where this machine is (RFC 6761 §6.3).
  const addresses = isSecure || isIP(relayHost) !== 0 ? await lookUpRelay(relayHost) : localAddresses;
  if (options.relayCa !== undefined) requireRelayCa(options.relayCa, url);
  return {
    transport: isSecure ? "http3" : "tcp",
    relayHost,
    authority: url.host,
    relay: {
      address: orderAddresses(addresses, undefined)[0]!,
      port: Number(url.port || (isSecure ? 443 : 80)),
    },
    addresses,
    basePath,
    token: async () => (typeof options.token === "function" ? options.token() : (options.token ?? "")),
    trust: options.trust,
    relayCa: options.relayCa,
    alpn: requireAlpn(options.alpn, ["quicpipe"]),
    direct: requireDirect(options.direct, "auto"),
    portMapping: requireOneOf("portMapping", options.portMapping, portMappingChoices),
    birthdaySearch: requireBoolean("birthdaySearch", options.birthdaySearch, false),
    host: requireText("host", options.host, "an IP literal", (text) => isIP(text) !== 0) ?? "::",
    ...requireIntegers("bind(…)", options, ranges),
    accepts: requireFunction("accepts", options.accepts) ?? (() => true),
    telemetry: requireBoolean("telemetry", options.telemetry, true),
    onStatus: requireFunction("onStatus", options.onStatus) ?? (() => undefined),
    onError: requireFunction("onError", options.onError) ?? (() => undefined),
    records: requireRecords(options),
  };
}

/** Options that are refused where they are given and undefined, and what each must be. */
const meant: Readonly<Partial<Record<keyof PeerOptions, string>>> = {
  relayCa: 'PEM text, a pin (sha256/…) or "insecure", or else absent',
  trust: 'a list of pins (sha256/…), { ca }, a function or "insecure", or else absent',
  identity: "an identity of createIdentity() or loadIdentity(), or else absent",
  token: "a token or a function that returns one, or else absent",
};

/** Refuses what is missing where something was meant: a weaker default would take its place. */
function refuseUndefined(options: Partial<PeerOptions>): void {
  for (const name of Object.keys(meant) as (keyof typeof meant)[])
    if (Object.hasOwn(options, name) && options[name] === undefined)
      throw optionInvalid(name, undefined, meant[name]!);
  const { identity, token = () => "" } = options;
  if (typeof token !== "function" && (typeof token !== "string" || token === ""))
    throw hiddenInvalid("token", token, meant.token!);
  if (identity !== undefined && (typeof identity !== "object" || identity === null))
    throw hiddenInvalid("identity", identity, meant.identity!);
}

/** One application protocol, or several in the order of preference, which is the accepter's to follow (RFC 7301 §3.2). */
export type Alpn = string | readonly string[];

/** Longest name of an application protocol, in bytes of UTF-8 (RFC 7301 §3.1). */
const maxAlpnBytes = 255;

/**
 * Returns the application protocols of an option, at least one; `fallback` if it is absent.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID for anything but texts of 1 to 255 bytes.
 */
export function requireAlpn(value: unknown, fallback: readonly string[]): readonly string[] {
  const names = requireTexts("alpn", value) ?? fallback;
  const long = names.find((name) => Buffer.byteLength(name) > maxAlpnBytes);
  if (long !== undefined) throw elementInvalid("alpn", long, `names of 1 to ${maxAlpnBytes} bytes`);
  return names;
}

/** Returns the policy of an option; `fallback` if it is absent. */
export function requireDirect(value: unknown, fallback: DirectPolicy): DirectPolicy {
  return value === undefined ? fallback : requireOneOf("direct", value, directPolicies);
}

/** Addresses of `localhost`, in the order of trying. */
const localAddresses: readonly string[] = ["127.0.0.1", "::1"];
