import type { RegistrationObserver } from "../../registry/index.ts";
import { formatAddress } from "../../wire/address.ts";
import type { Log } from "./log.ts";

/** Returns an observer that logs the life of registrations at debug level. */
export function registrationLog(log: Log): RegistrationObserver {
  return {
    opened: ({ id, subject, num, address }) =>
      log.write("debug", "registered", "a registration began", {
        id,
        subject,
        num,
        address: address && formatAddress(address),
      }),
    moved: ({ id, address }) =>
      log.write("debug", "moved", "a registration has another address", {
        id,
        address: address && formatAddress(address),
      }),
    ended: ({ id }, reason, { packetsFrom, bytesFrom, packetsTo, bytesTo }) =>
      log.write("debug", "ended", "a registration is over", {
        id,
        reason,
        packetsFrom,
        bytesFrom,
        packetsTo,
        bytesTo,
      }),
  };
}
