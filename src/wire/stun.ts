import { hash, timingSafeEqual } from "node:crypto";
import { crc32 } from "node:zlib";
import { hmacSha256 } from "./hmac.ts";

/** Length of the STUN header, in bytes (RFC 8489 §5). */
const stunHeaderBytes = 20;
/** Bytes 4 to 7 of every STUN message (RFC 8489 §5). */
export const stunMagicCookie = 0x2112a442;
/** Length of a transaction ID, in bytes (RFC 8489 §5). */
export const stunTransactionIdBytes = 12;

/** Message types of the Binding method (RFC 8489 §5, §18.2). */
export const stunType = { request: 0x0001, indication: 0x0011, success: 0x0101, error: 0x0111 } as const;

/** Attribute types that the relay knows (RFC 8489 §18.3). The receiver must understand those below 0x8000. */
export const stunAttribute = {
  username: 0x0006,
  messageIntegrity: 0x0008,
  errorCode: 0x0009,
  unknownAttributes: 0x000a,
  realm: 0x0014,
  nonce: 0x0015,
  messageIntegritySha256: 0x001c,
  passwordAlgorithm: 0x001d,
  xorMappedAddress: 0x0020,
  /**
   * quicpipe's own, without value: requests an answer and no move. It is comprehension-required, so that a server that does
   * not know it refuses the request rather than moving the registration. Unassigned at IANA.
   */
  keepAddress: 0x7f51,
  passwordAlgorithms: 0x8002,
  fingerprint: 0x8028,
  /** quicpipe's own: zero bytes that make a request at least as long as its reply. Unassigned at IANA. */
  padding: 0xff51,
} as const;

/** Attribute values by type, in wire order. Of a repeated attribute, the first counts (RFC 8489 §14). */
export type StunAttributes = ReadonlyMap<number, Uint8Array>;

/** A STUN message. */
export interface StunMessage {
  /** Method and class; one of {@link stunType} for a Binding message. */
  readonly type: number;
  /** 12 bytes. */
  readonly transactionId: Uint8Array;
  readonly attributes: StunAttributes;
}

/** A received message, with the bytes needed to check its integrity. */
export interface ReceivedStun extends StunMessage {
  readonly datagram: Uint8Array;
  /** Offset of MESSAGE-INTEGRITY-SHA256; `undefined` if there is none. */
  readonly integrityAt: number | undefined;
  /** Whether the message ends in a FINGERPRINT. A wrong one does not parse. */
  readonly hasFingerprint: boolean;
}

/**
 * Reports whether a datagram is framed as a STUN message (docs/protocol.md, "What the relay forwards", rule 2). Attributes
 * are not parsed.
 */
export function isStun(datagram: Uint8Array): boolean {
  return (
    datagram.length >= stunHeaderBytes &&
    datagram[0]! < 4 &&
    datagram[4] === 0x21 &&
    datagram[5] === 0x12 &&
    datagram[6] === 0xa4 &&
    datagram[7] === 0x42 &&
    (datagram.length & 3) === 0 &&
    ((datagram[2]! << 8) | datagram[3]!) === datagram.length - stunHeaderBytes
  );
}

/**
 * Returns the value of the first attribute of a type, from a message that passes {@link isStun}. It reads no further than
 * that attribute.
 */
export function leadingStunAttribute(datagram: Uint8Array, type: number): Uint8Array | undefined {
  let at = stunHeaderBytes;
  for (let i = 0; i < maxLeadingAttributes && at + 4 <= datagram.length; i++) {
    const end = at + 4 + readUint16(datagram, at + 2);
    if (end > datagram.length) return undefined;
    if (readUint16(datagram, at) === type) return datagram.subarray(at + 4, end);
    at = padded(end);
  }
  return undefined;
}

/**
 * Parses a STUN message; `undefined` if the bytes are not one, an attribute is truncated or the FINGERPRINT is wrong. Values
 * are views of `datagram`. It omits FINGERPRINT and all attributes after the integrity attribute, which nothing protects
 * (RFC 8489 §9).
 */
export function parseStun(datagram: Uint8Array): ReceivedStun | undefined {
  if (!isStun(datagram)) return undefined;
  const attributes = new Map<number, Uint8Array>();
  let integrityAt: number | undefined;
  let hasFingerprint = false;
  let at = stunHeaderBytes;
  while (at < datagram.length) {
    const type = readUint16(datagram, at);
    const start = at + 4;
    const end = start + readUint16(datagram, at + 2);
    if (end > datagram.length) return undefined;
    if (type === stunAttribute.fingerprint) {
      if (!isFingerprint(datagram, at)) return undefined;
      hasFingerprint = true;
    } else if (integrityAt === undefined && !attributes.has(type)) {
      attributes.set(type, datagram.subarray(start, end));
      if (type === stunAttribute.messageIntegritySha256) integrityAt = at;
    }
    at = padded(end);
  }
  const transactionId = datagram.subarray(8, stunHeaderBytes);
  return { type: readUint16(datagram, 0), transactionId, attributes, datagram, integrityAt, hasFingerprint };
}

/** Encodes a STUN message. `key` appends a MESSAGE-INTEGRITY-SHA256 attribute. */
export function encodeStun(
  message: Omit<StunMessage, "attributes"> & { attributes: Iterable<readonly [number, Uint8Array]> },
  key?: Uint8Array,
): Uint8Array {
  const header = Buffer.alloc(stunHeaderBytes);
  header.writeUInt16BE(message.type, 0);
  header.writeUInt32BE(stunMagicCookie, 4);
  header.set(message.transactionId, 8);
  const bytes = sealed([header, ...Array.from(message.attributes, encodeAttribute)], 0);
  if (!key) return bytes;
  const mac = computeIntegrity(bytes, key);
  return sealed([bytes, encodeAttribute([stunAttribute.messageIntegritySha256, mac])], 0);
}

/** Appends a FINGERPRINT to an encoded message (RFC 8489 §14.7). */
export function withFingerprint(message: Uint8Array): Uint8Array {
  const before = sealed([message], fingerprintBytes);
  return Buffer.concat([before, encodeAttribute([stunAttribute.fingerprint, fingerprintOf(before)])]);
}

/** Returns the key of a long-term credential under SHA-256 (RFC 8489 §9.2.2, §18.5.1.2). */
export function longTermKey(username: string, realm: string, password: string): Uint8Array {
  return hash("sha256", `${username}:${realm}:${password}`, "buffer");
}

/**
 * Verifies the MESSAGE-INTEGRITY-SHA256 of a received message in constant time. Only the full 32 bytes are valid: RFC 8489
 * §14.6 lets a usage refuse truncation.
 */
export function verifyIntegrity(message: ReceivedStun, key: Uint8Array): boolean {
  const mac = message.attributes.get(stunAttribute.messageIntegritySha256);
  if (message.integrityAt === undefined || mac?.length !== integrityBytes) return false;
  return timingSafeEqual(computeIntegrity(message.datagram.subarray(0, message.integrityAt), key), mac);
}

/** Attributes searched by {@link leadingStunAttribute}, so that a message full of them costs no more than others. */
const maxLeadingAttributes = 16;
const integrityBytes = 32;
/** Length of a FINGERPRINT attribute, in bytes. */
const fingerprintBytes = 8;

/** Reads a 16-bit number in network byte order. */
export function readUint16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

/** Encodes a 32-bit number in network byte order. */
export function uint32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

/** Attribute values are padded to 4 bytes (RFC 8489 §14). */
function padded(length: number): number {
  return (length + 3) & ~3;
}

function encodeAttribute([type, value]: readonly [number, Uint8Array]): Uint8Array {
  const bytes = Buffer.alloc(4 + padded(value.length));
  bytes.writeUInt16BE(type, 0);
  bytes.writeUInt16BE(value.length, 2);
  bytes.set(value, 4);
  return bytes;
}

/** Joins the parts of a message and sets the length field as if `pending` more bytes followed. */
function sealed(parts: Uint8Array[], pending: number): Uint8Array {
  const bytes = Buffer.concat(parts);
  bytes.writeUInt16BE(bytes.length - stunHeaderBytes + pending, 2);
  return bytes;
}

/** RFC 8489 §14.6: covers everything before the attribute, with a length field that already includes the attribute. */
function computeIntegrity(before: Uint8Array, key: Uint8Array): Uint8Array {
  return hmacSha256(key, sealed([before], 4 + integrityBytes));
}

/** RFC 8489 §14.7: FINGERPRINT must be the last attribute, so the length field already includes it. */
function isFingerprint(datagram: Uint8Array, at: number): boolean {
  if (at + fingerprintBytes !== datagram.length || readUint16(datagram, at + 2) !== 4) return false;
  const expected = fingerprintOf(datagram.subarray(0, at));
  return expected.every((byte, i) => byte === datagram[at + 4 + i]);
}

/** The value of FINGERPRINT after the bytes before it, whose length field already includes it. */
function fingerprintOf(before: Uint8Array): Uint8Array {
  return uint32(crc32(before) ^ 0x5354554e);
}
