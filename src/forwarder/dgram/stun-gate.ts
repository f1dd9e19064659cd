import * as defaults from "../../defaults/index.ts";
import { RecentBuckets, type TokenBucket } from "../../token-bucket.ts";
import { type PeerAddress, sameAddress } from "../../wire/address.ts";
import { leadingStunAttribute, stunAttribute } from "../../wire/stun.ts";
import type { StunOutcome } from "../contract.ts";
import type { Session, SessionTable } from "./sessions.ts";
import { StunBudget, type StunPayer, StunPurse } from "../stun/payer.ts";

/** Why a STUN message is not examined. */
export type StunRefusal = Extract<StunOutcome, "malformed" | "rate-limited" | "flooded">;

/** Options of a {@link StunGate}. */
export interface StunGateOptions {
  readonly sessions: SessionTable;
  /** Reports whether a nonce was made here for `source`, and recently enough. */
  readonly isNonceGood: (nonce: Uint8Array, source: PeerAddress, nowMs: number) => boolean;
  readonly nowMs: number;
}

/**
 * Finds the payer of a STUN message before any proof in it is verified, so that a flood costs one look at each message:
 *
 * 1. It names a live registration and comes from its address: that registration and its subject pay.
 * 2. It names one and has a nonce that was made for its source, which therefore received it: its source pays.
 * 3. It names one, whose peer may have moved: that registration and its subject pay, from another budget.
 * 4. It names one: its source pays, whose address may be false.
 * 5. Anything else: its source pays.
 *
 * If a payer refuses, the next rule that applies decides. Under 2, 4 and 5 all sources together pay as well, separately for
 * each rule: messages that cost nothing to forge keep no others out. src/forwarder/native/stun/stun-gate.c has the same rules.
 *
 * What it finds counts at the arrival alone. `stun/server.ts`, whose turn comes later, looks again: by then the registration may
 * have ended or the nonce be too old, and a proof is only what the message's integrity covers.
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
    const sources = createSourceBuckets();
    this.#options = options;
    this.#strange = new StunPurse(sources, options.nowMs);
    this.#named = new StunPurse(sources, options.nowMs);
    this.#reached = new StunPurse(createSourceBuckets(), options.nowMs);
  }

  /** Charges a message from `source`, in the form that the socket reports. Returns the payer, or why there is none. */
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

  /** Returns the live session that a message names. */
  #sessionOf(datagram: Uint8Array, nowMs: number): Session | undefined {
    const username = leadingStunAttribute(datagram, stunAttribute.username);
    const session = username && this.#options.sessions.named(latin1(username));
    return session && session.expiresAtMs > nowMs ? session : undefined;
  }

  #chargeSubject(session: Session, isHere: boolean, nowMs: number): StunPayer | undefined {
    const { bucket } = session;
    const own = budgetOf(this.#ofSessions, session, registrationRates, nowMs);
    const ofSubject = budgetOf(this.#ofSubjects, bucket, subjectRates, nowMs);
    // The registration pays first, so that messages in its name cannot use up its subject's budget.
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

/** A bucket for each source, one second deep. */
function createSourceBuckets(): RecentBuckets {
  const perSecond = defaults.stunRepliesPerSecond;
  return new RecentBuckets(perSecond, perSecond, defaults.maxStunSources);
}

/** Messages per second from a session's own address, and from elsewhere. */
type Rates = readonly [here: number, elsewhere: number];

const registrationRates: Rates = [defaults.stunPerRegistration, defaults.stunPerRegistrationElsewhere];
const subjectRates: Rates = [defaults.stunPerSubject, defaults.stunPerSubjectElsewhere];

function budgetOf<Payer extends WeakKey>(
  budgets: WeakMap<Payer, StunBudget>,
  payer: Payer,
  rates: Rates,
  nowMs: number,
): StunBudget {
  const known = budgets.get(payer);
  if (known) return known;
  const budget = new StunBudget(...rates, nowMs);
  budgets.set(payer, budget);
  return budget;
}
