import * as defaults from "../../defaults/index.ts";
import type { TokenBucket } from "../../token-bucket.ts";
import { type PeerAddress, sameAddress } from "../../wire/address.ts";
import { stunAttribute, leadingStunAttribute } from "../../wire/stun.ts";
import type { StunOutcome } from "../contract.ts";
import type { Session, SessionTable } from "./sessions.ts";
import { SourceLimiter } from "../stun/source-limiter.ts";
import { StunBudget, type StunPayer, StunPurse } from "../stun/payer.ts";

/** Why a STUN message is not looked at. */
export type StunRefusal = Extract<StunOutcome, "malformed" | "rate-limited" | "flooded">;

/** What a {@link StunGate} is made with. */
export interface StunGateOptions {
  readonly sessions: SessionTable;
  /** Whether a nonce was made here for `source`, and not too long ago. */
  readonly isNonceGood: (nonce: Uint8Array, source: PeerAddress, nowMs: number) => boolean;
  readonly nowMs: number;
}

/**
 * Who pays for a STUN message, before anybody works on what it proves, so that a flood costs a look at each message:
 *
 * 1. what names a live registration and comes from its address: that registration, and its subject;
 * 2. what names one and has a nonce that was made for its source, where somebody so has got it: its source;
 * 3. what names one, as its peer may have moved: that registration and its subject, out of another budget;
 * 4. what names one: its source, whose address may be false;
 * 5. all else: its source.
 *
 * Each goes on to the next of its kind where the first does not pay. What sources pay for in 2, 4 and 5 is paid by all
 * sources together as well, each kind apart: what costs nothing to forge keeps nothing else out.
 * src/forwarder/native/stun/stun-gate.c has the same rules.
 */
export class StunGate {
  readonly #options: StunGateOptions;
  readonly #ofSessions = new WeakMap<Session, StunBudget>();
  /** By the bucket that a subject's packets draw from. */
  readonly #ofSubjects = new WeakMap<TokenBucket, StunBudget>();
  readonly #strange: StunPurse;
  readonly #named: StunPurse;
  readonly #reached: StunPurse;

  constructor(options: StunGateOptions) {
    const sources = createLimiter();
    this.#options = options;
    this.#strange = new StunPurse(sources, options.nowMs);
    this.#named = new StunPurse(sources, options.nowMs);
    this.#reached = new StunPurse(createLimiter(), options.nowMs);
  }

  /** Charges a message from `source`, which is in the form that the socket reports; returns who pays, or why nobody does. */
  charge(datagram: Uint8Array, source: PeerAddress, nowMs: number): StunPayer | StunRefusal {
    if (datagram.length > defaults.maxStunBytes) return "malformed";
    const session = this.#sessionOf(datagram, nowMs);
    if (!session) return this.#strange.charge(source, nowMs);
    const isHere = session.address !== null && sameAddress(session.address, source);
    return (
      (isHere && this.#chargeSubject(session, true, nowMs)) ||
      this.#chargeReached(datagram, source, nowMs) ||
      (!isHere && this.#chargeSubject(session, false, nowMs)) ||
      this.#named.charge(source, nowMs)
    );
  }

  /** The live session that a message names. */
  #sessionOf(datagram: Uint8Array, nowMs: number): Session | undefined {
    const username = leadingStunAttribute(datagram, stunAttribute.username);
    const session = username && this.#options.sessions.named(latin1(username));
    return session && session.expiresAtMs > nowMs ? session : undefined;
  }

  #chargeSubject(session: Session, isHere: boolean, nowMs: number): StunPayer | undefined {
    const { bucket } = session;
    const own = budgetOf(this.#ofSessions, session, () => createBudget(nowMs));
    const ofSubject = budgetOf(this.#ofSubjects, bucket, () => createSubjectBudget(nowMs));
    // The registration's first: what comes in the name of one is not all that its subject has.
    return own.take(isHere, nowMs) && ofSubject.take(isHere, nowMs) ? ofSubject : undefined;
  }

  #chargeReached(datagram: Uint8Array, source: PeerAddress, nowMs: number): StunPayer | undefined {
    const nonce = leadingStunAttribute(datagram, stunAttribute.nonce);
    if (!nonce || !this.#options.isNonceGood(nonce, source, nowMs)) return undefined;
    const payer = this.#reached.charge(source, nowMs);
    return typeof payer === "string" ? undefined : payer;
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

function createLimiter(): SourceLimiter {
  return new SourceLimiter(defaults.stunRepliesPerSecond, defaults.maxStunSources);
}

function createBudget(nowMs: number): StunBudget {
  return new StunBudget(defaults.stunPerRegistration, defaults.stunPerRegistrationElsewhere, nowMs);
}

function createSubjectBudget(nowMs: number): StunBudget {
  return new StunBudget(defaults.stunPerSubject, defaults.stunPerSubjectElsewhere, nowMs);
}

function budgetOf<Payer extends WeakKey>(
  budgets: WeakMap<Payer, StunBudget>,
  payer: Payer,
  open: () => StunBudget,
): StunBudget {
  const known = budgets.get(payer);
  if (known) return known;
  const budget = open();
  budgets.set(payer, budget);
  return budget;
}
