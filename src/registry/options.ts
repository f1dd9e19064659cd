import type { Forwarder } from "../forwarder/index.ts";
import type { ObserverFault, RegistrationObserver } from "./observer.ts";

/** What the registry is opened with. */
export interface RegistryOptions {
  /** The data plane; from here on the registry alone opens, changes and closes its sessions. */
  readonly forwarder: Forwarder;
  /** Registrations in all. */
  readonly maxRegistrations: number;
  /** Connection IDs in all. */
  readonly maxCids: number;
  /** ms since the epoch, on a clock that neither goes back nor jumps, as `steadyNow` does. */
  readonly now: () => number;
  /** Who hears of every registration. */
  readonly observers?: readonly RegistrationObserver[];
  /** Called with the first exception of each method of an observer; none of them harms a registration. */
  readonly onObserverFault?: ObserverFault;
}
