import { type Address, formatIp, parseIp, plainIp } from "./address.ts";
import { readUint16, stunMagicCookie, uint32 } from "./stun.ts";

/** Encodes the value of XOR-MAPPED-ADDRESS (RFC 8489 §14.2); all zero if the address is not an IP literal. */
export function encodeXorAddress(address: Address, transactionId: Uint8Array): Uint8Array {
  const ip = parseIp(address.address) ?? new Uint8Array(4);
  const value = Buffer.alloc(4 + ip.length);
  value[1] = ip.length === 4 ? familyIpv4 : familyIpv6;
  value.writeUInt16BE(address.port ^ (stunMagicCookie >>> 16), 2);
  value.set(xored(ip, transactionId), 4);
  return value;
}

/** Parses the value of XOR-MAPPED-ADDRESS; `undefined` if it is malformed. */
export function parseXorAddress(value: Uint8Array, transactionId: Uint8Array): Address | undefined {
  const ipBytes = value[1] === familyIpv4 ? 4 : value[1] === familyIpv6 ? 16 : 0;
  if (ipBytes === 0 || value.length !== 4 + ipBytes) return undefined;
  const port = readUint16(value, 2) ^ (stunMagicCookie >>> 16);
  return { address: plainIp(formatIp(xored(value.subarray(4), transactionId))), port };
}

/** An ERROR-CODE (RFC 8489 §14.8). */
export interface StunError {
  /** 300 to 699. {@link parseErrorCode} does not check the range. */
  readonly code: number;
  readonly reason: string;
}

/** Encodes the value of ERROR-CODE. */
export function encodeErrorCode({ code, reason }: StunError): Uint8Array {
  return Buffer.concat([Uint8Array.of(0, 0, Math.trunc(code / 100), code % 100), Buffer.from(reason)]);
}

/** Parses the value of ERROR-CODE; `undefined` if it is malformed. */
export function parseErrorCode(value: Uint8Array): StunError | undefined {
  if (value.length < 4) return undefined;
  const code = (value[2]! & 7) * 100 + value[3]!;
  return { code, reason: new TextDecoder().decode(value.subarray(4)) };
}

/** Value of PASSWORD-ALGORITHM, and of PASSWORD-ALGORITHMS with one entry: SHA-256 without parameters (RFC 8489 §18.5). */
export const passwordAlgorithmSha256: Uint8Array = Uint8Array.of(0, 2, 0, 0);

const familyIpv4 = 1;
const familyIpv6 = 2;

/** XORs with the magic cookie and, for IPv6, the transaction ID after it (RFC 8489 §14.2). */
function xored(ip: Uint8Array, transactionId: Uint8Array): Uint8Array {
  const mask = Buffer.concat([uint32(stunMagicCookie), transactionId]);
  return ip.map((byte, i) => byte ^ mask[i]!);
}
