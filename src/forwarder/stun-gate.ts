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
export type StunRefusal = Extract<StunOutcome, "malformed" | "rate-limited" | "flooded">;

/** What pays for the STUN messages that name a session, or any session of a subject. */
class Budget {
  /** From the session's own address. */
  readonly #here: TokenBucket;
  readonly #elsewhere: TokenBucket;

  constructor(herePerSecond: number, elsewherePerSecond: number, nowMs: number) {
    this.#here = new TokenBucket(herePerSecond, herePerSecond, nowMs);
    this.#elsewhere = new TokenBucket(elsewherePerSecond, elsewherePerSecond, nowMs);
  }

  take(isHere: boolean, nowMs: number): boolean {
    return (isHere ? this.#here : this.#elsewhere).take(1, nowMs);
  }
}

/**
 * Who pays for a STUN message, before anybody works on what it proves: so a flood costs a look at each message, and no
 * HMAC. What names a live registration is paid by that and by its subject: from its own address out of one budget of
 * each, from elsewhere, as it may have moved, out of another. What no registration pays for is a stranger's, paid by its
 * source and by all strangers together. src/forwarder/native/stun-gate.c has the same rules.
 */
export class StunGate {
  readonly #sessions: SessionTable;
  readonly #ofSessions = new WeakMap<Session, Budget>();
  /** By the bucket that a subject's packets draw from. */
  readonly #ofSubjects = new WeakMap<TokenBucket, Budget>();
  readonly #sources = new SourceLimiter(defaults.stunRepliesPerSecond, defaults.maxStunSources);
  /** Pays for all strangers together. */
  readonly strangers: TokenBucket;

  constructor(sessions: SessionTable, nowMs: number) {
    this.#sessions = sessions;
    this.strangers = new TokenBucket(defaults.stunStrangersPerSecond, stunStrangerBurst, nowMs);
  }

  /**
   * Charges a message from `source`, which is in the form that the socket reports; returns
   * who pays, as {@link strangers} or the bucket of a subject, or why nobody does.
   */
  charge(datagram: Uint8Array, source: Address, nowMs: number): TokenBucket | StunRefusal {
    if (datagram.length > defaults.maxStunBytes) return "malformed";
    const subject = this.#payingSubject(datagram, source, nowMs);
    if (subject) return subject;
    if (!this.#sources.take(source.address, nowMs)) return "rate-limited";
    return this.strangers.take(1, nowMs) ? this.strangers : "flooded";
  }

  #payingSubject(datagram: Uint8Array, source: Address, nowMs: number): TokenBucket | undefined {
    const username = stunUsername(datagram);
    const session = username === undefined ? undefined : this.#sessions.named(username);
    if (!session || session.expiresAtMs <= nowMs) return undefined;
    const isHere = session.address !== null && sameAddress(session.address, source);
    // The registration's first: what comes in the name of one is not all that its subject has.
    const isPaid =
      this.#budgetOf(session, nowMs).take(isHere, nowMs) &&
      this.#budgetOfSubject(session.bucket, nowMs).take(isHere, nowMs);
    return isPaid ? session.bucket : undefined;
  }

  #budgetOf(session: Session, nowMs: number): Budget {
    const { stunPerRegistration: here, stunPerRegistrationElsewhere: elsewhere } = defaults;
    return budgetOf(this.#ofSessions, session, () => new Budget(here, elsewhere, nowMs));
  }

  #budgetOfSubject(bucket: TokenBucket, nowMs: number): Budget {
    const { stunPerSubject: here, stunPerSubjectElsewhere: elsewhere } = defaults;
    return budgetOf(this.#ofSubjects, bucket, () => new Budget(here, elsewhere, nowMs));
  }
}

function budgetOf<Payer extends WeakKey>(
  budgets: WeakMap<Payer, Budget>,
  payer: Payer,
  open: () => Budget,
): Budget {
  const known = budgets.get(payer);
  if (known) return known;
  const budget = open();
  budgets.set(payer, budget);
  return budget;
}
