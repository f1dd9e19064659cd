import { isIPv6 } from "node:net";
import type { BackendName, PathName, RelayedRegistration, RelayedTraffic } from "./contract.ts";
import { attributes } from "./names.ts";

type SpanAttributes = Readonly<Record<string, string | number>>;

const figures = [
  "packetsFrom",
  "bytesFrom",
  "packetsTo",
  "bytesTo",
  "packetsLimited",
  "packetsOffloaded",
] as const;

/** Traffic of a registration between two readings. */
export type TrafficShare = Readonly<Record<(typeof figures)[number], number>>;

export function trafficSince(now: RelayedTraffic, then: RelayedTraffic): TrafficShare {
  return Object.fromEntries(figures.map((name) => [name, now[name] - then[name]])) as TrafficShare;
}

/** Returns the traffic attributes of an ending span. */
export function trafficAttributes(traffic: TrafficShare): SpanAttributes {
  return Object.fromEntries(figures.map((name) => [attributes[name], traffic[name]]));
}

/**
 * Returns the forwarding path of the packets sent to a registration, if any, and the backend beside it. The path is the
 * kernel if it forwarded all of them, or any, as `share` says.
 */
export function forwardingAttributes(
  { packetsTo, packetsOffloaded }: TrafficShare,
  backend: BackendName,
  share: "all" | "any",
): SpanAttributes {
  if (packetsTo === 0) return {};
  const isKernel = packetsOffloaded > 0 && (share === "any" || packetsOffloaded === packetsTo);
  const path: PathName = isKernel ? "kernel" : "user";
  return { [attributes.path]: path, [attributes.backend]: backend };
}

/** Returns the attributes of a registration's address. */
export function peerAttributes(address: RelayedRegistration["address"]): SpanAttributes {
  if (!address) return {};
  return {
    [attributes.peerAddress]: address.address,
    [attributes.peerPort]: address.port,
    [attributes.networkType]: isIPv6(address.address) ? "ipv6" : "ipv4",
  };
}
