import type { Address } from "./address.ts";
import {
  encodeStun,
  parseStun,
  type ReceivedStun,
  stunAttribute,
  stunType,
  verifyIntegrity,
  withFingerprint,
} from "./stun.ts";
import { encodeXorAddress, parseXorAddress } from "./stun-values.ts";

/**
 * USE-CANDIDATE, without value: the sender chooses this path (RFC 8445 §16.1). It is not among {@link stunAttribute}, so that
 * the relay goes on refusing it.
 */
export const useCandidate = 0x0025;
/** Length of a tag, in characters of base64url (RFC 4648 §5): 48 bits. */
export const tagLength = 8;

/** A connectivity check: a Binding request from one peer to the other (RFC 8445 §7.2). */
export interface Check {
  /** 12 random bytes, new for each check. */
  readonly transactionId: Uint8Array;
  /** The tag that the receiver gave itself, which leads it to the connection. */
  readonly receiverTag: string;
  readonly senderTag: string;
  /** Whether the sender chooses this path. */
  readonly isNominated: boolean;
}

/** A received check that {@link verifyCheck} has not judged yet. All bytes are views of its datagram. */
export interface ReceivedCheck extends Check {
  readonly message: ReceivedStun;
}

/** Encodes a check, 88 bytes, or 92 if nominated. `secret` is the receiver's, 32 bytes. */
export function encodeCheck(check: Check & { readonly secret: Uint8Array }): Uint8Array {
  const { transactionId, receiverTag, senderTag } = check;
  // USERNAME comes first, so that a socket can sort out a check by its first bytes.
  const attributes = new Map<number, Uint8Array>();
  attributes.set(stunAttribute.username, Buffer.from(`${receiverTag}:${senderTag}`));
  if (check.isNominated) attributes.set(useCandidate, new Uint8Array());
  return withFingerprint(encodeStun({ type: stunType.request, transactionId, attributes }, check.secret));
}

/** Parses a check without verifying it; `undefined` for anything else. */
export function parseCheck(datagram: Uint8Array): ReceivedCheck | undefined {
  const message = parseKnown(datagram, stunType.request, requestAttributes);
  const [first] = message?.attributes ?? [];
  if (!message || first?.[0] !== stunAttribute.username) return undefined;
  const tags = /^([\w-]{8}):([\w-]{8})$/.exec(Buffer.from(first[1]).toString("latin1"));
  if (!tags) return undefined;
  const isNominated = message.attributes.has(useCandidate);
  const { transactionId } = message;
  return { transactionId, receiverTag: tags[1]!, senderTag: tags[2]!, isNominated, message };
}

/** Reports whether a check was made with the receiver's secret. */
export function verifyCheck({ message }: ReceivedCheck, secret: Uint8Array): boolean {
  return verifyIntegrity(message, secret);
}

/** The request that an answer belongs to, and the secret that both are protected by. */
export interface CheckCredential {
  readonly transactionId: Uint8Array;
  readonly secret: Uint8Array;
}

/** Encodes the answer to a check, 76 bytes for IPv4 and 88 for IPv6: never longer than the check. */
export function encodeCheckAnswer(
  answer: CheckCredential & {
    /** Where the check came from. */
    readonly address: Address;
  },
): Uint8Array {
  const { transactionId, address, secret } = answer;
  const value = encodeXorAddress(address, transactionId);
  const attributes = [[stunAttribute.xorMappedAddress, value]] as const;
  return withFingerprint(encodeStun({ type: stunType.success, transactionId, attributes }, secret));
}

/** Returns the address that an answer tells, under which its sender saw the check; `undefined` for anything else. */
export function parseCheckAnswer(datagram: Uint8Array, check: CheckCredential): Address | undefined {
  const message = parseKnown(datagram, stunType.success, answerAttributes);
  if (!message || Buffer.compare(message.transactionId, check.transactionId) !== 0) return undefined;
  const value = message.attributes.get(stunAttribute.xorMappedAddress);
  if (!value || !verifyIntegrity(message, check.secret)) return undefined;
  return parseXorAddress(value, message.transactionId);
}

const requestAttributes: readonly number[] = [
  stunAttribute.username,
  useCandidate,
  stunAttribute.messageIntegritySha256,
];
const answerAttributes: readonly number[] = [
  stunAttribute.xorMappedAddress,
  stunAttribute.messageIntegritySha256,
];

/**
 * Parses a message of a type that has integrity and fingerprint, as every check must (RFC 8445 §7.1), and no attribute that a
 * receiver must understand and that is not `known` (RFC 8489 §6.3.1). Such a message is dropped, not answered by an error:
 * only the other peer sends one, and it gets by without.
 */
function parseKnown(datagram: Uint8Array, type: number, known: readonly number[]): ReceivedStun | undefined {
  const message = parseStun(datagram);
  if (message?.type !== type || !message.hasFingerprint || message.integrityAt === undefined)
    return undefined;
  const isKnown = (attribute: number): boolean => attribute >= 0x8000 || known.includes(attribute);
  return [...message.attributes.keys()].every(isKnown) ? message : undefined;
}
