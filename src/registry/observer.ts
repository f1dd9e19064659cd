import type { SessionCounters } from "../forwarder/index.ts";
import type { Registration } from "./registration.ts";

/** Reason for the end of a registration: its owner, expiry, an administrator who is not its owner, or the relay's end. */
export type EndReason = "ended" | "expired" | "revoked" | "closed";

/** Observer of registrations: of each one's beginning and end, once each, and of every new address in between. */
export interface RegistrationObserver {
  opened(registration: Registration): void;
  /** The address changed. The first one proven by STUN counts too. */
  moved(registration: Registration): void;
  /** @param counters the final counts. */
  ended(registration: Registration, reason: EndReason, counters: SessionCounters): void;
}

/** Called with the first exception of each observer method. */
export type ObserverFault = (method: keyof RegistrationObserver, error: unknown) => void;

/** Combines observers into one that never throws. Reports the first exception of each method of each observer. */
export function guardObservers(
  observers: readonly RegistrationObserver[],
  onFault: ObserverFault = warnOfFault,
): RegistrationObserver {
  const guarded = observers.map((observer) => ({
    observer,
    reported: new Set<keyof RegistrationObserver>(),
  }));
  const notify = (
    method: keyof RegistrationObserver,
    call: (observer: RegistrationObserver) => void,
  ): void => {
    for (const { observer, reported } of guarded)
      try {
        call(observer);
      } catch (error) {
        if (!reported.has(method)) onFault(method, error);
        reported.add(method);
      }
  };
  return {
    opened: (registration) => notify("opened", (observer) => observer.opened(registration)),
    moved: (registration) => notify("moved", (observer) => observer.moved(registration)),
    ended: (registration, reason, counters) =>
      notify("ended", (observer) => observer.ended(registration, reason, counters)),
  };
}

/** Default fault handler: emits a process warning. */
function warnOfFault(method: string, error: unknown): void {
  process.emitWarning(`quicpipe: an observer of registrations failed in ${method}: ${String(error)}`);
}
