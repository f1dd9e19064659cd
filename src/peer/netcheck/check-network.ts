import { isIP, isIPv4 } from "node:net";
import { isQuicpipeError, type QuicpipeError } from "../../errors.ts";
import { type OptionTable, requireBoolean, requireOptions } from "../../option-checks.ts";
import { loadEngine } from "../engine/engine.ts";
import { readDefaultRouter } from "../mapping/default-router.ts";
import { openRouterSocket } from "../mapping/router-socket.ts";
import { findMappingServices, type MappingServices } from "../mapping/services.ts";
import { type PeerOptions, type PeerSettings, resolveSettings } from "../options.ts";
import { sourceAddress } from "../udp/source-address.ts";
import { type RelayView, viewFromRelay } from "./relay-view.ts";

/** Options for checking the network. */
export interface NetworkCheckOptions {
  /** URL of the relay, as for `Peer.bind`. */
  readonly relay: PeerOptions["relay"];
  /** Bearer token that may register, as for `Peer.bind`. */
  readonly token?: NonNullable<PeerOptions["token"]>;
  /** CA certificates of the relay, as for `Peer.bind`. */
  readonly relayCa?: NonNullable<PeerOptions["relayCa"]>;
  /** Time limit of one request to the relay, in ms, 100 to 60 000; 10 000 if absent. */
  readonly requestTimeoutMs?: PeerOptions["requestTimeoutMs"];
  /** Whether to ask the router by UPnP as well, which some firewalls ask their users about; false if absent. */
  readonly upnp?: boolean | undefined;
}

const optionTable: OptionTable<NetworkCheckOptions> = {
  relay: true,
  token: true,
  relayCa: true,
  requestTimeoutMs: true,
  upnp: true,
};

/**
 * Why the relay sees nothing of this host in one IP version. `"not-asked"`: its URL has an address of the other one.
 * `"no-address"`: its name has none of this one. `"no-route"`: this host has no route to it. `"untrusted"`: it answers, with a
 * certificate that is not trusted. `"udp-blocked"`: it answers over TCP, but nothing comes back by UDP. `"unreachable"`: anything else,
 * such as silence.
 */
export type FamilyProblemKind =
  | "not-asked"
  | "no-address"
  | "no-route"
  | "untrusted"
  | "udp-blocked"
  | "unreachable";

/** The same, with a text for people. */
export interface FamilyProblem {
  readonly kind: FamilyProblemKind;
  readonly problem: string;
}

/** What the relay sees of this host in one IP version, or why it sees nothing. */
export type FamilyReport = RelayView | FamilyProblem;

/** What decides whether direct paths to and from this host can work. */
export interface NetworkReport {
  readonly ipv4: FamilyReport;
  readonly ipv6: FamilyReport;
  /** What the IPv4 router offers, where there is one. */
  readonly router: MappingServices;
}

/**
 * Checks UDP to the relay by IPv4 and IPv6, what NATs do to it, and whether the router maps ports. Asks nobody but the relay and
 * the host's own router, and takes some seconds.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID, ERR_QUICPIPE_ADDON_MISSING, ERR_QUICPIPE_ADDON_UNUSABLE, or the code of the relay's refusal.
 * @throws ERR_QUICPIPE_RELAY_UNREACHABLE if the relay's host has no address; otherwise the report tells.
 */
export async function checkNetwork(options: NetworkCheckOptions): Promise<NetworkReport> {
  const { upnp, ...peerOptions } = requireOptions("checkNetwork(…)", options, optionTable);
  const settings = await resolveSettings(peerOptions as typeof options);
  const asksUpnp = requireBoolean("upnp", upnp, false);
  const [ipv4, ipv6, router] = await Promise.all([
    checkFamily(settings, "IPv4"),
    checkFamily(settings, "IPv6"),
    findMappingServices({ router: readDefaultRouter, openSocket: openRouterSocket, upnp: asksUpnp }),
  ]);
  return { ipv4, ipv6, router };
}

async function checkFamily(settings: PeerSettings, family: "IPv4" | "IPv6"): Promise<FamilyReport> {
  const addresses = settings.addresses.filter((each) => isIPv4(each) === (family === "IPv4"));
  const [address] = addresses;
  if (address === undefined) return withoutAddress(settings, family);
  const relay = { address, port: settings.relay.port };
  // An address of the host's own has one IP version, and shows whether the relay sees another.
  const host = await sourceAddress(relay);
  if (host === undefined) return { kind: "no-route", problem: `this host has no route to ${address}` };
  try {
    return (await viewFromRelay({ ...settings, host, relay, addresses }, loadEngine())) ?? withoutUdp;
  } catch (error) {
    if (isQuicpipeError(error, "ERR_QUICPIPE_RELAY_UNREACHABLE")) return unreached(error);
    throw error;
  }
}

const withoutUdp: FamilyProblem = {
  kind: "udp-blocked",
  problem:
    "it answers over TCP, but nothing comes back by UDP: a firewall here or at the relay drops it, or the relay's UDP port is not that of its URL",
};

function withoutAddress({ relayHost }: PeerSettings, family: "IPv4" | "IPv6"): FamilyProblem {
  if (isIP(relayHost) === 0)
    return { kind: "no-address", problem: `the relay's name has no ${family} address` };
  const other = family === "IPv4" ? "IPv6" : "IPv4";
  return { kind: "not-asked", problem: `the URL has an ${other} address; use the relay's name` };
}

function unreached({ message, details }: QuicpipeError<"ERR_QUICPIPE_RELAY_UNREACHABLE">): FamilyProblem {
  const kind = details.untrusted ? "untrusted" : "unreachable";
  return { kind, problem: message.replace(/^the relay cannot be reached: /, "") };
}
