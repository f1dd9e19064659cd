import type { SessionCounters } from "../../forwarder/index.ts";
import type { RegistrationStats } from "../../protocol.ts";
import type { Registration } from "../../registry/index.ts";
import { formatAddress } from "../../wire/address.ts";
import { timestamp } from "../../steady-clock.ts";
import type { SessionRate } from "./rate-table.ts";

/** Returns the administrator's view of a registration. */
export function registrationStats(
  { id, subject, address, num, registeredAtMs, expiresAtMs }: Registration,
  counters: SessionCounters,
  rate: SessionRate | undefined,
): RegistrationStats {
  const { packetsFrom, bytesFrom, packetsTo, bytesTo, firstForwardedAtMs } = counters;
  return {
    id,
    subject,
    address: address && formatAddress(address),
    cids: num,
    path: rate?.path ?? pathSoFar(counters),
    packetsFrom,
    bytesFrom,
    packetsTo,
    bytesTo,
    rate: rate ? { packetsPerSecond: rate.packetsPerSecond, bytesPerSecond: rate.bytesPerSecond } : null,
    firstForwardedAt: firstForwardedAtMs === null ? null : timestamp(firstForwardedAtMs),
    registeredAt: timestamp(registeredAtMs),
    expiresAt: timestamp(expiresAtMs),
    dropped: {
      "rate-limited": counters.packetsLimited,
      "no-address": counters.packetsNoAddress,
      "source-is-destination": counters.packetsToItself,
    },
  };
}

/** Path of a registration without traffic between samples: the kernel's if it forwarded any of the packets. */
function pathSoFar({ packetsFrom, packetsTo, packetsOffloaded }: SessionCounters): RegistrationStats["path"] {
  if (packetsFrom + packetsTo === 0) return "none";
  return packetsOffloaded > 0 ? "kernel" : "user";
}
