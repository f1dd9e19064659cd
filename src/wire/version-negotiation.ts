import { parseLongHeader } from "./quic-packet.ts";

const versionBytes = 4;

/** Returns the versions that a Version Negotiation packet offers (RFC 9000 §17.2.1); `undefined` for any other packet. */
export function parseVersionNegotiation(packet: Uint8Array): number[] | undefined {
  const header = parseLongHeader(packet);
  if (header?.version !== 0) return undefined;
  const list = Buffer.from(packet.buffer, packet.byteOffset + header.end, packet.length - header.end);
  return Array.from({ length: Math.floor(list.length / versionBytes) }, (_, i) =>
    list.readUInt32BE(i * versionBytes),
  );
}
