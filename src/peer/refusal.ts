import { type QuicpipeErrorCode, QuicpipeError } from "../errors.ts";
import { requireOneOf } from "../option-checks.ts";
import { refusalReasons, type RefusalReason } from "../protocol.ts";

/** What each reason means to the dialer. */
const refusals: Readonly<Record<RefusalReason, string>> = {
  busy: "it is busy; dial again later",
  "no-registrations":
    "the relay gives it no registration for one more connection; dial again when it holds fewer",
  "not-allowed": "the relay lets it take no connection: its token lacks the scope relay:register",
  "not-trusted": "it takes no connections of this peer",
  unsupported: "it does not support what this peer asks for",
  closing: "it, or the relay, is about to close; dial again later",
};

/** Returns the error of a dial that the other peer has refused, for a reason that a relay of later may not have checked by this list. */
export function refusedError(name: string, reason: string): QuicpipeError {
  const why = isReason(reason) ? refusals[reason] : undefined;
  return new QuicpipeError(
    "ERR_QUICPIPE_DIAL_REFUSED",
    `${name} refused: ${why ?? `its reason is ${JSON.stringify(reason)}, which this version does not know`}`,
    { details: { reason } },
  );
}

/** What the dialer is told where the relay lets this peer take no message. */
export const refusalFor: Readonly<Partial<Record<QuicpipeErrorCode, RefusalReason>>> = {
  ERR_QUICPIPE_REGISTRATION_QUOTA: "no-registrations",
  ERR_QUICPIPE_CID_QUOTA: "no-registrations",
  ERR_QUICPIPE_TABLE_FULL: "no-registrations",
  ERR_QUICPIPE_SCOPE_MISSING: "not-allowed",
  ERR_QUICPIPE_DRAINING: "closing",
};

/** Requires what a function `accepts` may return; nothing is `false`. @throws ERR_QUICPIPE_OPTION_INVALID */
export function requireVerdict(verdict: unknown): boolean | RefusalReason {
  return typeof verdict === "string" ? requireOneOf("accepts(…)", verdict, refusalReasons) : Boolean(verdict);
}

function isReason(text: string): text is RefusalReason {
  return refusalReasons.some((each) => each === text);
}
