import { isIPv6 } from "node:net";
import type { PathName, RelayedRegistration, RelayedTraffic } from "./contract.ts";
import { attributes } from "./names.ts";

type SpanAttributes = Readonly<Record<string, string | number>>;

/** Traffic of a registration between two readings. */
export type TrafficShare = Omit<RelayedTraffic, "firstForwardedAtMs">;

export function trafficSince(now: RelayedTraffic, then: RelayedTraffic): TrafficShare {
  return {
    packetsFrom: now.packetsFrom - then.packetsFrom,
    bytesFrom: now.bytesFrom - then.bytesFrom,
    packetsTo: now.packetsTo - then.packetsTo,
    bytesTo: now.bytesTo - then.bytesTo,
    packetsLimited: now.packetsLimited - then.packetsLimited,
    packetsOffloaded: now.packetsOffloaded - then.packetsOffloaded,
  };
}

/** Returns the traffic attributes of an ending span. */
export function trafficAttributes(traffic: TrafficShare): SpanAttributes {
  return {
    [attributes.packetsFrom]: traffic.packetsFrom,
    [attributes.bytesFrom]: traffic.bytesFrom,
    [attributes.packetsTo]: traffic.packetsTo,
    [attributes.bytesTo]: traffic.bytesTo,
    [attributes.packetsLimited]: traffic.packetsLimited,
    [attributes.packetsOffloaded]: traffic.packetsOffloaded,
  };
}

/** Returns the path of the packets sent to a registration, if any: the kernel's if it forwarded all of them, or any, as `share` says. */
export function pathOf(
  { packetsTo, packetsOffloaded }: TrafficShare,
  backend: PathName,
  share: "all" | "any",
): SpanAttributes {
  if (packetsTo === 0) return {};
  const isKernel = packetsOffloaded > 0 && (share === "any" || packetsOffloaded === packetsTo);
  return { [attributes.path]: isKernel ? "xdp" : backend };
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
