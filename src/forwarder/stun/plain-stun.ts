import { maxStunBytes, maxStunSources, stunRepliesPerSecond } from "../../defaults/index.ts";
import { RecentBuckets } from "../../token-bucket.ts";
import type { Address } from "../../wire/address.ts";
import { encodeBindingSuccess } from "../../wire/stun-binding.ts";
import { parseStun, type ReceivedStun, stunType } from "../../wire/stun.ts";
import type { StunPortOutcome } from "../contract.ts";
import { StunPurse } from "./payer.ts";

/** Tells who asks without a credential from where it asks, and nobody anything else (RFC 8489 §3: plain Binding requests). */
export class PlainStun {
  readonly counts: Record<StunPortOutcome, number> = {
    answered: 0,
    malformed: 0,
    "too-short": 0,
    "rate-limited": 0,
    flooded: 0,
  };
  readonly #purse: StunPurse;

  constructor(nowMs: number) {
    this.#purse = new StunPurse(
      new RecentBuckets(stunRepliesPerSecond, stunRepliesPerSecond, maxStunSources),
      nowMs,
    );
  }

  /** Returns the answer to a message from `source`, in plain form, if it gets one. */
  answer(datagram: Uint8Array, source: Address, nowMs: number): Uint8Array | undefined {
    const answer = this.#judge(datagram, source, nowMs);
    this.counts[typeof answer === "string" ? answer : "answered"]++;
    return typeof answer === "string" ? undefined : answer;
  }

  #judge(datagram: Uint8Array, source: Address, nowMs: number): Uint8Array | StunPortOutcome {
    // Before anything is parsed, so that a flood costs one look at each message.
    const payer = this.#purse.charge(source, nowMs);
    if (typeof payer === "string") return payer;
    const request = datagram.length > maxStunBytes ? undefined : parseStun(datagram);
    if (!request || !isPlain(request)) return "malformed";
    const answer = encodeBindingSuccess(request.transactionId, source);
    // A false source address must not gain by it.
    return answer.length > datagram.length ? "too-short" : answer;
  }
}

/** Whether a message is a Binding request that asks for nothing that has to be understood (RFC 8489 §14). */
function isPlain({ type, attributes }: ReceivedStun): boolean {
  return type === stunType.request && [...attributes.keys()].every((attribute) => attribute >= 0x8000);
}
