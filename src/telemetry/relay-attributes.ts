import { isIPv6 } from "node:net";
import type { PathName, RelayedRegistration, RelayedTraffic } from "./contract.ts";
import { attributes } from "./names.ts";

type SpanAttributes = Readonly<Record<string, string | number>>;

/** What a registration has moved since another reading. */
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

/** What a span ends with. */
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

/** The path of what went to a registration, if anything did: the kernel's if it forwarded all of that, or any. */
export function pathOf(
  { packetsTo, packetsOffloaded }: TrafficShare,
  backend: PathName,
  share: "all" | "any",
): SpanAttributes {
  if (packetsTo === 0) return {};
  const isKernel = packetsOffloaded > 0 && (share === "any" || packetsOffloaded === packetsTo);
  return { [attributes.path]: isKernel ? "xdp" : backend };
}

/** Where a registration is. */
export function peerAttributes(address: RelayedRegistration["address"]): SpanAttributes {
  if (!address) return {};
  return {
    [attributes.peerAddress]: address.address,
    [attributes.peerPort]: address.port,
    [attributes.networkType]: isIPv6(address.address) ? "ipv6" : "ipv4",
  };
}
