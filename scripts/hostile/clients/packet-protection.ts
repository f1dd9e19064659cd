import { createCipheriv, createHmac } from "node:crypto";

/** Seals QUIC packets with a short header under AES-128-GCM (RFC 9001 §5). */
export class PacketProtection {
  readonly #key: Buffer;
  readonly #iv: Buffer;
  readonly #headerKey: Buffer;

  /** @param secret traffic secret of the sender's 1-RTT packets, as long as a SHA-256 hash. */
  constructor(secret: Uint8Array) {
    this.#key = expand(secret, "quic key", 16);
    this.#iv = expand(secret, "quic iv", 12);
    this.#headerKey = expand(secret, "quic hp", 16);
  }

  /** Returns a packet with these frames and a packet number of four bytes. */
  seal(destinationId: Uint8Array, packetNumber: number, frames: Uint8Array): Buffer {
    const header = Buffer.concat([Buffer.from([0x43]), destinationId, uint32(packetNumber)]);
    const cipher = createCipheriv("aes-128-gcm", this.#key, this.#nonce(packetNumber)).setAAD(header);
    const sealed = Buffer.concat([header, cipher.update(frames), cipher.final(), cipher.getAuthTag()]);
    return this.#maskHeader(sealed, 1 + destinationId.length);
  }

  #nonce(packetNumber: number): Buffer {
    const nonce = Buffer.from(this.#iv);
    nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ packetNumber) >>> 0, 8);
    return nonce;
  }

  /** Applies header protection (RFC 9001 §5.4). */
  #maskHeader(packet: Buffer, numberAt: number): Buffer {
    const sample = packet.subarray(numberAt + 4, numberAt + 20);
    const mask = createCipheriv("aes-128-ecb", this.#headerKey, null).update(sample);
    packet[0]! ^= mask[0]! & 0x1f;
    for (let i = 0; i < 4; i++) packet[numberAt + i]! ^= mask[1 + i]!;
    return packet;
  }
}

/** HKDF-Expand-Label (RFC 8446 §7.1) of at most one hash block (RFC 5869 §2.3). */
function expand(secret: Uint8Array, label: string, bytes: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`);
  const info = Buffer.concat([Buffer.from([0, bytes, name.length]), name, Buffer.from([0, 1])]);
  return createHmac("sha256", secret).update(info).digest().subarray(0, bytes);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
