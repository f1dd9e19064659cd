import { randomBytes } from "node:crypto";

/** Minimum size of a datagram that begins a connection (RFC 9000 §14.1). */
const minBytes = 1200;
/** Flags, version, both connection IDs with their lengths, token length and length. */
const headerBytes = 18;

/** Returns a datagram that looks like the first of a QUIC version 1 connection (RFC 9000 §17.2.2) but is random. */
export function initialLike(bytes: number = minBytes): Buffer {
  const packet = randomBytes(bytes);
  packet.set([0xc3, 0, 0, 0, 1, 8]);
  packet.set([0, 0], 14);
  packet.writeUInt16BE(0x4000 | (bytes - headerBytes), 16);
  return packet;
}
