import { cidBytes, deriveConnectionId } from "../../../src/wire/connection-id.ts";

/** A short header packet to a connection ID, or to the relayed one made of one byte. */
export function shortPacket(to: Uint8Array | number, bytes = 1200): Buffer {
  const id = typeof to === "number" ? Buffer.alloc(cidBytes, to) : to;
  const payload = Buffer.from(Array.from({ length: bytes - 1 - id.length }, (_, i) => i & 0xff));
  return Buffer.concat([Buffer.of(0x41), id, payload]);
}

/** The same to the first connection ID of a peer's key, with a content of its own. */
export function packetFor(key: Uint8Array, content: string): Buffer {
  return Buffer.concat([shortPacket(deriveConnectionId(key, 1), 1 + cidBytes), Buffer.from(content)]);
}

/** What a long header packet has. */
export interface LongPacket {
  readonly to?: Uint8Array;
  readonly from?: Uint8Array;
  readonly bytes?: number;
  /** Under 256. */
  readonly version?: number;
}

function longHeader(type: number, to: Uint8Array, from: Uint8Array, version = 1): Buffer {
  const ids = [Buffer.of(to.length), to, Buffer.of(from.length), from];
  return Buffer.concat([Buffer.of(0xc0 | (type << 4), 0, 0, 0, version), ...ids]);
}

/** A long header packet, of version 1 unless said; its type as RFC 9000 §17.2 numbers it. */
export function longPacketOf(
  type: number,
  { to = new Uint8Array(), from = new Uint8Array(), bytes = 60, version = 1 }: LongPacket,
): Buffer {
  const header = longHeader(type, to, from, version);
  return Buffer.concat([header, Buffer.alloc(bytes - header.length, 0x5a)]);
}

/** A QUIC v1 Initial to any destination connection ID; the source's is empty, as a browser's. */
export function longPacket(to: Uint8Array, bytes = 1200, from?: Uint8Array): Buffer {
  return longPacketOf(0, { to, bytes, ...(from && { from }) });
}

/** A client's first Initial as far as it is not encrypted: no token, the length, and padding up to 1200 bytes. */
export function initialPacket(
  to: Uint8Array = Buffer.from("8394c8f03e515708", "hex"),
  from: Uint8Array = new Uint8Array(),
): Buffer {
  const header = Buffer.concat([longHeader(0, to, from), Buffer.of(0)]);
  const packet = Buffer.concat([header, Buffer.alloc(1200 - header.length)]);
  packet.writeUInt16BE(0x4000 | (packet.length - header.length - 2), header.length);
  return packet;
}
