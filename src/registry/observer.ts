import type { SessionCounters } from "../forwarder/index.ts";
import type { Registration } from "./registration.ts";

/** Why a registration is over: by its owner, by time, by an administrator, or with the relay. */
export type EndReason = "ended" | "expired" | "revoked" | "closed";

/** Who hears of every registration: of its beginning once, of its end once, and of each new address between. */
export interface RegistrationObserver {
  opened(registration: Registration): void;
  /** Its address changed; the first one that STUN proves counts too. */
  moved(registration: Registration): void;
  /** @param counters what it had moved by then. */
  ended(registration: Registration, reason: EndReason, counters: SessionCounters): void;
}

/** Called with the first exception of each method of an observer. */
export type ObserverFault = (method: keyof RegistrationObserver, error: unknown) => void;

/** Passes on to observers, whose exceptions are reported, once for each method of each, and go no further. */
export function guardObservers(
  observers: readonly RegistrationObserver[],
  onFault: ObserverFault = warnOfFault,
): RegistrationObserver {
  const guarded = observers.map((observer) => ({
    observer,
    reported: new Set<keyof RegistrationObserver>(),
  }));
  const tell = (method: keyof RegistrationObserver, call: (observer: RegistrationObserver) => void): void => {
    for (const { observer, reported } of guarded)
      try {
        call(observer);
      } catch (error) {
        if (!reported.has(method)) onFault(method, error);
        reported.add(method);
      }
  };
  return {
    opened: (registration) => tell("opened", (observer) => observer.opened(registration)),
    moved: (registration) => tell("moved", (observer) => observer.moved(registration)),
    ended: (registration, reason, counters) =>
      tell("ended", (observer) => observer.ended(registration, reason, counters)),
  };
}

/** Where nobody wants to know of an observer's exceptions, the process is told. */
function warnOfFault(method: string, error: unknown): void {
  process.emitWarning(`quicpipe: an observer of registrations failed in ${method}: ${String(error)}`);
}
