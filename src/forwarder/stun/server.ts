import { stunPublicAmplification } from "../../defaults/index.ts";
import type { Address, PeerAddress } from "../../wire/address.ts";
import { encodeBindingSuccess } from "../../wire/stun-binding.ts";
import {
  encodeStun,
  longTermKey,
  parseStun,
  type ReceivedStun,
  stunAttribute,
  stunType,
  verifyIntegrity,
} from "../../wire/stun.ts";
import { encodeErrorCode, passwordAlgorithmSha256, type StunError } from "../../wire/stun-values.ts";
import type { StunAuthority, StunOutcome, StunPolicy, StunRegistration, StunVerdict } from "../contract.ts";
import type { StunNonces } from "./nonce.ts";

/** Realm of the relay's long-term credentials (docs/protocol.md, "STUN"). */
export const stunRealm = "quicpipe";

/** Outcome of a STUN message. */
export interface StunAnswer {
  readonly outcome: StunOutcome;
  /** The datagram to send back, if any. */
  readonly reply?: Uint8Array;
}

const errors = {
  badRequest: { code: 400, reason: "Bad Request" },
  unauthenticated: { code: 401, reason: "Unauthenticated" },
  forbidden: { code: 403, reason: "Forbidden" },
  unknownAttribute: { code: 420, reason: "Unknown Attribute" },
  staleNonce: { code: 438, reason: "Stale Nonce" },
} as const;

const understood: ReadonlySet<number> = new Set(Object.values(stunAttribute));

/** Options of a {@link StunServer}. */
export interface StunServerOptions {
  readonly authority: StunAuthority;
  readonly policy: StunPolicy;
  readonly nonces: StunNonces;
}

/** Answers the STUN Binding requests that {@link StunGate} admits, under the long-term credential mechanism (RFC 8489 §9.2.4). */
export class StunServer {
  readonly #options: StunServerOptions;

  constructor(options: StunServerOptions) {
    this.#options = options;
  }

  /** Answers a datagram from `source`, in plain form. Never throws because of its contents. */
  answer(datagram: Uint8Array, source: PeerAddress, nowMs: number): StunAnswer {
    const request = parseStun(datagram);
    if (request?.type !== stunType.request) return { outcome: "malformed" };
    const { attributes } = request;
    const isProven = attributes.has(stunAttribute.messageIntegritySha256);
    if (!isProven && attributes.has(stunAttribute.username))
      return this.#challenge(request, source, errors.unauthenticated, "challenged", nowMs);
    return isProven ? this.#authenticate(request, source, nowMs) : this.#answerAnyone(request, source);
  }

  /** The checks of RFC 8489 §9.2.4, in its order. */
  #authenticate(request: ReceivedStun, source: PeerAddress, nowMs: number): StunAnswer {
    const { attributes } = request;
    const username = attributes.get(stunAttribute.username);
    const nonce = attributes.get(stunAttribute.nonce);
    if (!username || !nonce || !attributes.has(stunAttribute.realm) || !offersOurAlgorithm(request))
      return fitting(request, "rejected", reply(request, errors.badRequest));
    const id = Buffer.from(username).toString();
    const registration = this.#options.authority.stunRegistration(id);
    const key = longTermKey(id, stunRealm, registration?.secret ?? "");
    // Both are evaluated, so that the time taken does not tell an unknown id from a wrong secret.
    const isIntact = verifyIntegrity(request, key);
    if (!registration || !isIntact)
      return this.#challenge(request, source, errors.unauthenticated, "rejected", nowMs);
    const madeAtMs = this.#options.nonces.madeAtMs(nonce, source, nowMs);
    if (madeAtMs === undefined)
      return this.#challenge(request, source, errors.staleNonce, "challenged", nowMs);
    const refusal = unknownAttributes(request);
    if (refusal) return fitting(request, "rejected", reply(request, refusal.error, refusal.attributes, key));
    const outcome = outcomeOf(registration, request, source, madeAtMs);
    if (outcome === "outdated") return this.#challenge(request, source, errors.staleNonce, outcome, nowMs);
    const isRefused = outcome === "rejected";
    const bytes = isRefused
      ? reply(request, errors.forbidden, [], key)
      : encodeBindingSuccess(request.transactionId, source, key);
    return fitting(request, outcome, bytes);
  }

  /** Standard clients send no padding, so their reply may be a little longer than the request. */
  #answerAnyone(request: ReceivedStun, source: Address): StunAnswer {
    if (this.#options.policy !== "public") return { outcome: "anonymous" };
    const most = stunPublicAmplification;
    const refusal = unknownAttributes(request);
    if (!refusal)
      return fitting(request, "answered", encodeBindingSuccess(request.transactionId, source), most);
    // The reason phrase would make the reply too long for a request of one attribute.
    const error = { ...refusal.error, reason: "" };
    return fitting(request, "rejected", reply(request, error, refusal.attributes), most);
  }

  #challenge(
    request: ReceivedStun,
    source: Address,
    error: StunError,
    outcome: StunOutcome,
    nowMs: number,
  ): StunAnswer {
    const attributes: Attribute[] = [
      [stunAttribute.realm, Buffer.from(stunRealm)],
      [stunAttribute.nonce, this.#options.nonces.make(source, nowMs)],
      [stunAttribute.passwordAlgorithms, passwordAlgorithmSha256],
    ];
    return fitting(request, outcome, reply(request, error, attributes));
  }
}

type Attribute = readonly [type: number, value: Uint8Array];

interface Refusal {
  readonly error: StunError;
  readonly attributes: readonly Attribute[];
}

const outcomeOfVerdict = {
  accepted: "answered",
  repeated: "repeated",
  outdated: "outdated",
  refused: "rejected",
} as const satisfies Record<StunVerdict, StunOutcome>;

/** Carries out a request that has proven all it can. */
function outcomeOf(
  registration: StunRegistration,
  { attributes, transactionId }: ReceivedStun,
  address: Address,
  madeAtMs: number,
): "answered" | "repeated" | "unmoved" | "outdated" | "rejected" {
  if (attributes.has(stunAttribute.keepAddress)) return "unmoved";
  const proof = { address, madeAtMs, transactionId: Buffer.from(transactionId).toString("latin1") };
  return outcomeOfVerdict[registration.proven(proof)];
}

/** RFC 8489 §9.2.4: the list must be the one that came with the nonce, and the choice must be in it. */
function offersOurAlgorithm({ attributes }: ReceivedStun): boolean {
  const { passwordAlgorithm, passwordAlgorithms } = stunAttribute;
  return [passwordAlgorithm, passwordAlgorithms].every((type) => {
    const value = attributes.get(type);
    return value !== undefined && Buffer.compare(value, passwordAlgorithmSha256) === 0;
  });
}

/** RFC 8489 §6.3.1: unknown attributes below 0x8000 make the request refused. */
function unknownAttributes({ attributes }: ReceivedStun): Refusal | undefined {
  const unknown = Array.from(attributes.keys()).filter((type) => type < 0x8000 && !understood.has(type));
  if (unknown.length === 0) return undefined;
  const value = Uint8Array.from(unknown.flatMap((type) => [type >> 8, type & 0xff]));
  return { error: errors.unknownAttribute, attributes: [[stunAttribute.unknownAttributes, value]] };
}

function reply(
  { transactionId }: ReceivedStun,
  error: StunError,
  more: readonly Attribute[] = [],
  key?: Uint8Array,
): Uint8Array {
  const attributes: Attribute[] = [[stunAttribute.errorCode, encodeErrorCode(error)], ...more];
  return encodeStun({ type: stunType.error, transactionId, attributes }, key);
}

/** Withholds a reply longer than `most` times its request, so that spoofing a source gains nothing. */
function fitting({ datagram }: ReceivedStun, outcome: StunOutcome, bytes: Uint8Array, most = 1): StunAnswer {
  return bytes.length <= most * datagram.length ? { outcome, reply: bytes } : { outcome: "too-short" };
}
