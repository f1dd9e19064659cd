import type { Forwarder } from "../forwarder/index.ts";
import type { ObserverFault, RegistrationObserver } from "./registration.ts";

/** Options of a {@link Registry}. */
export interface RegistryOptions {
  /** The data plane. Only the registry opens, changes and closes its sessions from now on. */
  readonly forwarder: Forwarder;
  /** Most registrations in all. */
  readonly maxRegistrations: number;
  /** Most connection IDs in all. */
  readonly maxCids: number;
  /** Returns ms since the epoch, from a clock that neither goes back nor jumps, such as `steadyNow`. */
  readonly now: () => number;
  /** Observers of registrations. */
  readonly observers?: readonly RegistrationObserver[];
  /** Called with the first exception of each observer method. Exceptions never affect a registration. */
  readonly onObserverFault?: ObserverFault;
}
