import * as defaults from "../defaults.ts";
import { type Address, sameAddress } from "../wire/address.ts";
import { stunUsername } from "../wire/stun.ts";
import type { StunOutcome } from "./contract.ts";
import type { Session, SessionTable } from "./sessions.ts";
import { SourceLimiter } from "./source-limiter.ts";
import { TokenBucket } from "../token-bucket.ts";

/** Most STUN requests of all strangers that may come at once. */
export const stunStrangerBurst: number = (defaults.stunStrangersPerSecond * defaults.bucketDepthMs) / 1000;

/** Why a STUN message is not looked at. */
export type StunRefusal = Extract<StunOutcome, "rate-limited" | "flooded">;

/** What pays for the STUN messages that name a session: from its own address, and from elsewhere. */
interface Budget {
  readonly here: TokenBucket;
  readonly elsewhere: TokenBucket;
}

/**
 * Who pays for a STUN message, before anybody works on what it proves: so a flood costs a look at each message, and no
 * HMAC. What names a live registration is paid by that: from its own address out of one budget, from elsewhere, as it
 * may have moved, out of another. What no registration pays for is a stranger's, paid by its source and by all strangers
 * together. src/forwarder/native/stun-gate.c has the same rules.
 */
export class StunGate {
  readonly #sessions: SessionTable;
  readonly #budgets = new WeakMap<Session, Budget>();
  readonly #sources = new SourceLimiter(defaults.stunRepliesPerSecond, defaults.maxStunSources);
  readonly #strangers: TokenBucket;

  constructor(sessions: SessionTable, nowMs: number) {
    this.#sessions = sessions;
    this.#strangers = new TokenBucket(defaults.stunStrangersPerSecond, stunStrangerBurst, nowMs);
  }

  /** Charges a message from `source`, which is in the form that the socket reports; says why if nobody pays. */
  charge(datagram: Uint8Array, source: Address, nowMs: number): StunRefusal | undefined {
    if (this.#isPaidByRegistration(datagram, source, nowMs)) return undefined;
    if (!this.#sources.take(source.address, nowMs)) return "rate-limited";
    return this.#strangers.take(1, nowMs) ? undefined : "flooded";
  }

  #isPaidByRegistration(datagram: Uint8Array, source: Address, nowMs: number): boolean {
    const username = stunUsername(datagram);
    const session = username === undefined ? undefined : this.#sessions.named(username);
    if (!session || session.expiresAtMs <= nowMs) return false;
    const { here, elsewhere } = this.#budgetOf(session, nowMs);
    const isHere = session.address !== null && sameAddress(session.address, source);
    return (isHere ? here : elsewhere).take(1, nowMs);
  }

  #budgetOf(session: Session, nowMs: number): Budget {
    const known = this.#budgets.get(session);
    if (known) return known;
    const { stunPerRegistration: here, stunPerRegistrationElsewhere: elsewhere } = defaults;
    const budget = {
      here: new TokenBucket(here, here, nowMs),
      elsewhere: new TokenBucket(elsewhere, elsewhere, nowMs),
    };
    this.#budgets.set(session, budget);
    return budget;
  }
}
