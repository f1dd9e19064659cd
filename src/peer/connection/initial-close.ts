import { createCipheriv, createHmac } from "node:crypto";
import { minInitialDatagramBytes, quicVersion1 } from "../../wire/quic-packet.ts";

/** Content and addressing of an Initial packet that closes a connection. */
export interface InitialClose {
  /** The DCID of the client's very first packet, from which the keys of Initial packets derive. */
  readonly originalDestinationId: Uint8Array;
  /** The server's connection ID. */
  readonly destinationId: Uint8Array;
  /** The client's connection ID. */
  readonly sourceId: Uint8Array;
  /** QUIC error code, 0 to 2¹⁴ − 1. */
  readonly errorCode: number;
  /** At most 63 bytes. */
  readonly reason: string;
}

/**
 * Encodes a client's Initial packet with a CONNECTION_CLOSE frame, as one datagram of 1200 bytes. A client that refuses
 * the server's certificate has to send one (RFC 9000 §10.2.3), as the server cannot read the client's later packets
 * yet. The engine does not send it.
 */
export function encodeInitialClose(close: InitialClose): Uint8Array {
  const { key, iv, headerKey } = clientInitialKeys(close.originalDestinationId);
  const header = encodeHeader(close);
  const payload = Buffer.alloc(minInitialDatagramBytes - header.length - tagBytes);
  payload.set(encodeFrame(close));
  iv[iv.length - 1]! ^= packetNumber;
  const cipher = createCipheriv("aes-128-gcm", key, iv).setAAD(header);
  const sealed = [cipher.update(payload), cipher.final(), cipher.getAuthTag()];
  return protectHeader(Buffer.concat([header, ...sealed]), header.length - 1, headerKey);
}

const tagBytes = 16;
/** Above the packet numbers that a client's handshake has used by then, so that it is no duplicate. */
const packetNumber = 0x7f;
/** RFC 9001 §5.2 */
const initialSalt = Buffer.from("38762cf7f55934b34d179ae6a4c80cadccbb7f0a", "hex");

/** Keys of a client's Initial packets (RFC 9001 §5.2). */
export function clientInitialKeys(originalDestinationId: Uint8Array): {
  readonly key: Buffer;
  readonly iv: Buffer;
  readonly headerKey: Buffer;
} {
  const initial = createHmac("sha256", initialSalt).update(originalDestinationId).digest();
  const secret = expandLabel(initial, "client in", 32);
  return {
    key: expandLabel(secret, "quic key", 16),
    iv: expandLabel(secret, "quic iv", 12),
    headerKey: expandLabel(secret, "quic hp", 16),
  };
}

/** HKDF-Expand-Label of at most 32 bytes, which takes one round of HKDF-Expand (RFC 8446 §7.1, RFC 5869 §2.3). */
function expandLabel(secret: Uint8Array, label: string, length: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`);
  const info = Buffer.concat([Uint8Array.of(0, length, name.length), name, Uint8Array.of(0, 1)]);
  return createHmac("sha256", secret).update(info).digest().subarray(0, length);
}

/** Encodes a long header without a token, with a packet number of one byte (RFC 9000 §17.2.2). */
function encodeHeader({ destinationId, sourceId }: InitialClose): Buffer {
  const start = Buffer.from([0xc0, 0, 0, 0, quicVersion1, destinationId.length]);
  const ids = Buffer.concat([start, destinationId, Uint8Array.of(sourceId.length), sourceId]);
  const length = minInitialDatagramBytes - ids.length - 3;
  const rest = [0, 0x40 | (length >> 8), length & 0xff, packetNumber];
  return Buffer.concat([ids, Uint8Array.from(rest)]);
}

/** Encodes a CONNECTION_CLOSE of type 0x1c with an unknown frame type, 0 (RFC 9000 §19.19). */
function encodeFrame({ errorCode, reason }: InitialClose): Buffer {
  const text = Buffer.from(reason);
  return Buffer.concat([
    Uint8Array.of(0x1c, 0x40 | (errorCode >> 8), errorCode & 0xff, 0, text.length),
    text,
  ]);
}

/** Applies header protection. The mask comes from 16 bytes, 4 bytes after the start of the packet number (RFC 9001 §5.4). */
function protectHeader(packet: Buffer, packetNumberAt: number, headerKey: Uint8Array): Uint8Array {
  const sample = packet.subarray(packetNumberAt + 4, packetNumberAt + 20);
  const mask = createCipheriv("aes-128-ecb", headerKey, null).update(sample);
  packet[0]! ^= mask[0]! & 0x0f;
  packet[packetNumberAt]! ^= mask[1]!;
  return packet;
}
