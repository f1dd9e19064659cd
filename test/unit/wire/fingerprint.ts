import { crc32 } from "node:zlib";

/** Returns a STUN message with a FINGERPRINT after its attributes (RFC 8489 §14.7), as standard clients send it. */
export function withFingerprint(message: Uint8Array): Buffer {
  const bytes = Buffer.concat([message, Buffer.from([0x80, 0x28, 0, 4, 0, 0, 0, 0])]);
  bytes.writeUInt16BE(bytes.length - 20, 2);
  bytes.writeUInt32BE((crc32(bytes.subarray(0, -8)) ^ 0x5354554e) >>> 0, bytes.length - 4);
  return bytes;
}
