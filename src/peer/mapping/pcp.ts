import { type Address, formatIp, parseIp, plainIp } from "../../wire/address.ts";
import {
  granted,
  type MapAnswer,
  type MappingReason,
  type RouterState,
  type UnsupportedVersion,
} from "./answers.ts";

/** Length of a nonce, in bytes. */
export const pcpNonceBytes = 12;

/** What tells a mapping from others, and its answers from forged ones. */
export interface PcpMapping {
  /** 12 random bytes, the same in all requests for a mapping: a router changes it for nobody else (RFC 6887 §11.2). */
  readonly nonce: Uint8Array;
  readonly internalPort: number;
}

/** A request for a mapping of a UDP port (RFC 6887 §11.1). */
export interface PcpMapRequest extends PcpMapping {
  /** IPv4 literal that the router sees the request come from. A router refuses another, as a NAT between makes it (§8.2). */
  readonly clientAddress: string;
  /** 0 ends the mapping (§15). */
  readonly lifetimeSeconds: number;
  /** What the router had given before, so that it may give the same. */
  readonly suggested?: Address | undefined;
}

/** Encodes a MAP request, 60 bytes. */
export function encodePcpMap(request: PcpMapRequest): Uint8Array {
  const { clientAddress, lifetimeSeconds, nonce, internalPort, suggested } = request;
  const bytes = Buffer.alloc(mapBytes);
  bytes.set(encodeHeader(opcode.map, lifetimeSeconds, clientAddress));
  bytes.set(nonce, headerBytes);
  bytes.writeUInt8(udp, 36);
  bytes.writeUInt16BE(internalPort, 40);
  bytes.writeUInt16BE(suggested?.port ?? 0, 42);
  bytes.set(mappedBytes(suggested?.address ?? "0.0.0.0"), 44);
  return bytes;
}

/** Encodes an ANNOUNCE request, which asks for the router's epoch time and for nothing else (RFC 6887 §14.1). */
export function encodePcpAnnounce(clientAddress: string): Uint8Array {
  return encodeHeader(opcode.announce, 0, clientAddress);
}

/** Parses the answer to a MAP request; `undefined` for anything else. */
export function parsePcpMapAnswer(datagram: Uint8Array, mapping: PcpMapping): MapAnswer | undefined {
  if (isUnsupportedVersion(datagram)) return { kind: "unsupported-version" };
  const answer = parseHeader(datagram, opcode.map);
  if (!answer || answer.bytes.length < mapBytes || !isOf(mapping, answer.bytes)) return undefined;
  const { bytes, result, ...times } = answer;
  const { epochSeconds } = times;
  if (result !== 0) return { kind: "refused", epochSeconds, reason: reasons.get(result) ?? "refused" };
  const address = plainIp(formatIp(bytes.subarray(44, mapBytes)));
  return granted({ ...times, address: { address, port: bytes.readUInt16BE(42) } });
}

/** Parses the answer to an ANNOUNCE request, whether or not the router liked it; `undefined` for anything else. */
export function parsePcpAnnounceAnswer(datagram: Uint8Array): RouterState | UnsupportedVersion | undefined {
  if (isUnsupportedVersion(datagram)) return { kind: "unsupported-version" };
  const answer = parseHeader(datagram, opcode.announce);
  return answer && { kind: "state", epochSeconds: answer.epochSeconds };
}

const version = 2;
const opcode = { announce: 0, map: 1 } as const;
const answerBit = 0x80;
const headerBytes = 24;
const mapBytes = 60;
/** UDP's number in IP headers. */
const udp = 17;

/** RFC 6887 §7.4. */
const unsupportedVersion = 1;
const reasons: ReadonlyMap<number, MappingReason> = new Map([
  [2, "not-authorized"],
  [7, "no-external-address"],
  [8, "no-resources"],
  [10, "no-resources"],
  [12, "nat-before-router"],
]);

/** RFC 6887 §7.1. */
function encodeHeader(code: number, lifetimeSeconds: number, clientAddress: string): Buffer {
  const bytes = Buffer.alloc(headerBytes);
  bytes.writeUInt8(version, 0);
  bytes.writeUInt8(code, 1);
  bytes.writeUInt32BE(lifetimeSeconds, 4);
  bytes.set(mappedBytes(clientAddress), 8);
  return bytes;
}

/** RFC 6887 §7.2: a multiple of four bytes, with the request's opcode. */
function parseHeader(
  datagram: Uint8Array,
  code: number,
): { bytes: Buffer; result: number; lifetimeSeconds: number; epochSeconds: number } | undefined {
  const bytes = bufferOf(datagram);
  if (bytes.length < headerBytes || bytes.length % 4 !== 0) return undefined;
  if (bytes[0] !== version || bytes[1] !== (answerBit | code)) return undefined;
  return {
    bytes,
    result: bytes.readUInt8(3),
    lifetimeSeconds: bytes.readUInt32BE(4),
    epochSeconds: bytes.readUInt32BE(8),
  };
}

/**
 * Reports whether a router says that it does not know this version. One of NAT-PMP answers in its own form, with version 0
 * (RFC 6887 appendix A); one of PCP names the version that it has (§9). The code is the last of its two bytes in both. A forged
 * answer does what a lost one does: it leads to the next protocol.
 */
function isUnsupportedVersion(datagram: Uint8Array): boolean {
  const [spoken, code, , result] = datagram;
  return datagram.length >= 8 && spoken !== version && code! >= answerBit && result === unsupportedVersion;
}

/** RFC 6887 §11.4: an answer counts if its nonce, protocol and internal port are those of the request. */
function isOf({ nonce, internalPort }: PcpMapping, bytes: Buffer): boolean {
  const answered = bytes.subarray(headerBytes, headerBytes + pcpNonceBytes);
  return answered.equals(nonce) && bytes[36] === udp && bytes.readUInt16BE(40) === internalPort;
}

/** RFC 6887 §5: an IPv4 address takes its IPv4-mapped form. */
function mappedBytes(ipv4: string): Uint8Array {
  return parseIp(`::ffff:${ipv4}`)!;
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
