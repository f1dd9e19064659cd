import { ownBytes } from "../own-memory.ts";
import type { Address } from "./address.ts";
import { encodeStun, longTermKey, parseStun, stunAttribute, stunType, verifyIntegrity } from "./stun.ts";
import {
  encodeXorAddress,
  parseErrorCode,
  parseXorAddress,
  passwordAlgorithmSha256,
  type StunError,
} from "./stun-values.ts";

/**
 * Least length of a peer's Binding request, in bytes. The relay sends no reply longer than its request, and its longest, the
 * first challenge, takes 108.
 */
export const minBindingRequestBytes = 128;

/** A registration's ID and secret. */
export interface StunCredential {
  readonly username: string;
  readonly password: string;
}

/** The attributes of a 401 or 438 response that authenticate the next request (RFC 8489 §9.2.5). */
export interface StunChallenge {
  readonly realm: string;
  /** Returned to the server unchanged. */
  readonly nonce: Uint8Array;
  /** The server's PASSWORD-ALGORITHMS, returned unchanged to prevent bid-down attacks (RFC 8489 §9.2.1). */
  readonly passwordAlgorithms: Uint8Array;
}

/** A Binding request: the first without `challenge`, the next with the one received. */
export interface BindingRequest {
  /** 12 random bytes, new for each request. */
  readonly transactionId: Uint8Array;
  /** Absent for public STUN. */
  readonly credential?: StunCredential | undefined;
  readonly challenge?: StunChallenge | undefined;
  /** Only asks for the address: neither the registration's address nor its lifetime changes. */
  readonly keepsAddress?: boolean | undefined;
}

/** A parsed reply. */
export type BindingReply =
  | { readonly kind: "success"; readonly address: Address }
  | { readonly kind: "challenge"; readonly code: number; readonly challenge: StunChallenge }
  | ({ readonly kind: "error" } & StunError);

/** Encodes a Binding request, padded to {@link minBindingRequestBytes}. */
export function encodeBindingRequest(request: BindingRequest): Uint8Array {
  const { transactionId, credential, challenge } = request;
  const attributes = new Map<number, Uint8Array>();
  if (credential) attributes.set(stunAttribute.username, Buffer.from(credential.username));
  if (challenge) {
    attributes.set(stunAttribute.realm, Buffer.from(challenge.realm));
    attributes.set(stunAttribute.nonce, challenge.nonce);
    attributes.set(stunAttribute.passwordAlgorithms, challenge.passwordAlgorithms);
    attributes.set(stunAttribute.passwordAlgorithm, passwordAlgorithmSha256);
  }
  if (request.keepsAddress) attributes.set(stunAttribute.keepAddress, new Uint8Array());
  const message = { type: stunType.request, transactionId, attributes };
  const key = keyOf(credential, challenge);
  const bytes = encodeStun(message, key);
  if (bytes.length >= minBindingRequestBytes) return bytes;
  attributes.set(stunAttribute.padding, new Uint8Array(minBindingRequestBytes - bytes.length));
  return encodeStun(message, key);
}

/** Encodes a success response with the address that its request came from; with integrity if there is a key. */
export function encodeBindingSuccess(
  transactionId: Uint8Array,
  source: Address,
  key?: Uint8Array,
): Uint8Array {
  const value = encodeXorAddress(source, transactionId);
  const attributes = [[stunAttribute.xorMappedAddress, value]] as const;
  return encodeStun({ type: stunType.success, transactionId, attributes: new Map(attributes) }, key);
}

/**
 * Parses the reply to `request`; `undefined` for anything else: another transaction, a success without the integrity that
 * its credential requires, or malformed bytes. A challenge with `code` 401 to a request that carried a challenge means that
 * the credential is wrong.
 */
export function parseBindingReply(datagram: Uint8Array, request: BindingRequest): BindingReply | undefined {
  const message = parseStun(datagram);
  if (!message || Buffer.compare(message.transactionId, request.transactionId) !== 0) return undefined;
  const { attributes } = message;
  if (message.type === stunType.success) {
    const key = keyOf(request.credential, request.challenge);
    // A forged success would give the peer a false address.
    if (request.credential && !(key && verifyIntegrity(message, key))) return undefined;
    const value = attributes.get(stunAttribute.xorMappedAddress);
    const address = value && parseXorAddress(value, message.transactionId);
    return address && { kind: "success", address };
  }
  if (message.type !== stunType.error) return undefined;
  const error = parseErrorCode(attributes.get(stunAttribute.errorCode) ?? new Uint8Array());
  if (!error) return undefined;
  const challenge = parseChallenge(attributes);
  if (challenge && (error.code === 401 || error.code === 438))
    return { kind: "challenge", code: error.code, challenge };
  return { kind: "error", ...error };
}

function parseChallenge(attributes: ReadonlyMap<number, Uint8Array>): StunChallenge | undefined {
  const realm = attributes.get(stunAttribute.realm);
  const nonce = attributes.get(stunAttribute.nonce);
  const passwordAlgorithms = attributes.get(stunAttribute.passwordAlgorithms);
  if (!realm || !nonce || !passwordAlgorithms) return undefined;
  // Copied, as they outlive the datagram, whose buffer the caller may reuse.
  return {
    realm: Buffer.from(realm).toString(),
    nonce: ownBytes(nonce),
    passwordAlgorithms: ownBytes(passwordAlgorithms),
  };
}

function keyOf(credential?: StunCredential, challenge?: StunChallenge): Uint8Array | undefined {
  return credential && challenge && longTermKey(credential.username, challenge.realm, credential.password);
}
