import type { Forwarder, SessionCounters, SessionId } from "../forwarder/index.ts";
import type { PeerAddress } from "../wire/address.ts";
import type { AddressProof } from "./address-proof.ts";
import type { Quota } from "./admission.ts";

/** The token bucket that a registration's traffic draws from: its account's, or its address's where all clients are one subject. */
export type RatedBy = "subject" | "address";

/** The process that holds a registration. */
export interface Instance {
  /** A secret of the peer's. */
  readonly holder: string;
  /** Name of the process. */
  readonly run: string;
}

/** A request to register connection IDs. */
export interface RegistrationSpec {
  readonly subject: string;
  /** The account whose quota it uses: the subject, its inviter, or its address where all clients are one subject. */
  readonly account: string;
  readonly quota: Quota;
  readonly ratedBy: RatedBy;
  /** The connection ID key, 16 to 64 bytes. It is not stored. */
  readonly key: Uint8Array;
  /** Number of connection IDs, counted from 1. */
  readonly num: number;
  /** Lifetime without renewal, in ms; capped by the quota. */
  readonly ttlMs: number;
  /** The subject's public address, if the request proved it. */
  readonly proof: AddressProof | null;
  /** The process that asks, if it says so. */
  readonly instance?: Instance | undefined;
}

/** A live registration. Its fields change as it is renewed. */
export interface Registration {
  readonly id: string;
  readonly subject: string;
  /** Greater than that of every earlier registration, so that lists have a stable order. */
  readonly ordinal: number;
  /** Its session in the data plane, for reading. The number is reused after its end. */
  readonly session: SessionId;
  readonly num: number;
  readonly address: PeerAddress | null;
  /** ms since the epoch. */
  readonly registeredAtMs: number;
  /** Lifetime without renewal, in ms. */
  readonly ttlMs: number;
  /** ms since the epoch. */
  readonly expiresAtMs: number;
}

/** The initial route of an accepted mailbox message, before it is known where it leads. */
export interface InitialRouteSpec {
  /** The destination connection ID of the dialer's Initial, 8 to 20 bytes. */
  readonly destinationId: Uint8Array;
  /** ID of the accepter's registration. */
  readonly to: string;
  /** The dialer's account; `undefined` if it may be several peers. */
  readonly dialer: string | undefined;
  /** ID of the dialer's registration that sent the message, if known. */
  readonly from: string | undefined;
}

/** Reason for the end of a registration: its owner, expiry, an administrator or inviter who is not its owner, or the relay's end. */
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
