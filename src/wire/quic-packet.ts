import { parseVarint } from "./varint.ts";

/** QUIC version 1 (RFC 9000 §15), the only version that quicpipe peers speak. */
export const quicVersion1 = 1;
/** Longest connection ID of QUIC version 1, in bytes (RFC 9000 §17.2). */
export const maxConnectionIdBytes = 20;
/** Least size of a datagram that carries an Initial packet, in bytes (RFC 9000 §14.1). */
export const minInitialDatagramBytes = 1200;

/** The long header fields common to all QUIC versions (RFC 8999 §5.1). */
export interface LongHeader {
  readonly version: number;
  readonly destinationId: Uint8Array;
  readonly sourceId: Uint8Array;
  /** Offset of the version-specific part. */
  readonly end: number;
}

/** Parses the version-independent long header; `undefined` if the packet has no long header or is truncated. */
export function parseLongHeader(packet: Uint8Array): LongHeader | undefined {
  if (packet.length < 7 || (packet[0]! & 0x80) === 0) return undefined;
  const destinationEnd = 6 + packet[5]!;
  if (destinationEnd >= packet.length) return undefined;
  const end = destinationEnd + 1 + packet[destinationEnd]!;
  if (end > packet.length) return undefined;
  return {
    version: readUint32(packet, 1),
    destinationId: packet.subarray(6, destinationEnd),
    sourceId: packet.subarray(destinationEnd + 1, end),
    end,
  };
}

/** Reasons why a mailbox rejects a datagram. */
export type FirstFlightRefusal =
  | "not a long header"
  | "not QUIC version 1"
  | "a connection ID over 20 bytes"
  | "neither Initial nor 0-RTT"
  | "cut short"
  | "an Initial in a datagram under 1200 bytes"
  | "an initial destination connection ID under 8 bytes"
  | "two destination connection IDs";

/** A datagram of a client's first flight, as far as the mailbox reads it. */
export interface FirstFlight {
  readonly destinationId: Uint8Array;
  readonly hasInitial: boolean;
}

/**
 * Walks the packets coalesced in one datagram (RFC 9000 §12.2). It accepts the datagram if each of them is a QUIC v1 Initial
 * or 0-RTT packet to the same connection ID (RFC 9000 §12.2) and, with an Initial, the datagram has the 1200 bytes of RFC
 * 9000 §14.1. Never throws: hostile input yields a reason.
 */
export function parseFirstFlight(datagram: Uint8Array): FirstFlight | FirstFlightRefusal {
  let destinationId: Uint8Array | undefined;
  let hasInitial = false;
  let at = 0;
  do {
    const packet = parseFirstPacket(datagram.subarray(at));
    if (typeof packet === "string") return packet;
    destinationId ??= packet.destinationId;
    if (Buffer.compare(destinationId, packet.destinationId) !== 0) return "two destination connection IDs";
    hasInitial ||= packet.initial;
    at += packet.length;
    // A client pads its first flight with zero bytes after the last packet (RFC 9000 §12.2 note, §14.1).
  } while (at < datagram.length && datagram[at] !== 0);
  if (hasInitial && datagram.length < minInitialDatagramBytes)
    return "an Initial in a datagram under 1200 bytes";
  return { destinationId, hasInitial };
}

interface FirstPacket {
  readonly destinationId: Uint8Array;
  readonly initial: boolean;
  readonly length: number;
}

function parseFirstPacket(packet: Uint8Array): FirstPacket | FirstFlightRefusal {
  const header = parseLongHeader(packet);
  if (!header) return "not a long header";
  if (header.version !== quicVersion1) return "not QUIC version 1";
  const { destinationId, sourceId } = header;
  if (destinationId.length > maxConnectionIdBytes || sourceId.length > maxConnectionIdBytes)
    return "a connection ID over 20 bytes";
  const type = (packet[0]! >> 4) & 3;
  if (type !== longPacketType.initial && type !== longPacketType.zeroRtt) return "neither Initial nor 0-RTT";
  // RFC 9000 §7.2: a client's first destination connection ID has at least 8 bytes.
  if (destinationId.length < 8) return "an initial destination connection ID under 8 bytes";
  const length = packetLength(packet, header.end, type === longPacketType.initial);
  if (length === undefined) return "cut short";
  return { destinationId, initial: type === longPacketType.initial, length };
}

/** Returns the length of the whole packet, from its token and length fields (RFC 9000 §17.2.2, §17.2.3); `undefined` if it is truncated. */
function packetLength(packet: Uint8Array, headerEnd: number, hasToken: boolean): number | undefined {
  let at = headerEnd;
  if (hasToken) {
    const token = parseVarint(packet, at);
    if (!token) return undefined;
    at = token.end + token.value;
  }
  const length = parseVarint(packet, at);
  if (!length || length.end + length.value > packet.length) return undefined;
  // RFC 9001 §5.4.2: a 16-byte sample must follow, 4 bytes after the start of the packet number.
  return length.value < 20 ? undefined : length.end + length.value;
}

/**
 * Returns the length of the Initial, 0-RTT or Handshake packet at the start of a datagram, which another packet may follow
 * (RFC 9000 §12.2); `undefined` for any other or truncated packet.
 */
export function longPacketLength(datagram: Uint8Array): number | undefined {
  const header = parseLongHeader(datagram);
  const type = header && longPacketTypeOf(datagram, header.version);
  if (type === undefined || type === longPacketType.retry) return undefined;
  return packetLength(datagram, header!.end, type === longPacketType.initial);
}

function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/** Long header packet types as numbered by QUIC version 1 (RFC 9000 §17.2). */
export const longPacketType = { initial: 0, zeroRtt: 1, handshake: 2, retry: 3 } as const;

/** QUIC version 2 (RFC 9369 §3.1). */
const quicVersion2 = 0x6b3343cf;

/** Returns the type of a long header packet, one of {@link longPacketType}; `undefined` for an unknown version. */
export function longPacketTypeOf(packet: Uint8Array, version: number): number | undefined {
  const bits = (packet[0]! >> 4) & 3;
  if (version === quicVersion1) return bits;
  // RFC 9369 §3.2: version 2 numbers the types from Retry.
  return version === quicVersion2 ? (bits + 3) & 3 : undefined;
}
