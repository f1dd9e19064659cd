import { unprovenPathBytes } from "../../defaults/index.ts";
import {
  longPacketLength,
  longPacketType,
  longPacketTypeOf,
  maxConnectionIdBytes,
  minInitialDatagramBytes,
  parseLongHeader,
} from "../../wire/quic-packet.ts";

/** Packets of one datagram that are examined: one of each kind that a client coalesces (RFC 9000 §12.2). */
const maxPackets = 4;

/** How a gateway client arrives: with a connection that it begins, or with one that it had at another address. */
export type Arrival = "beginning" | "moving";

/**
 * Shortest packet with a short header, in bytes: the first byte, a packet number of at most 4 bytes, and the sample for header
 * protection after it (RFC 9001 §5.4.2), whatever the length of the connection ID.
 */
const minShortPacketBytes = 1 + 4 + 16;

/**
 * Returns how the sender of a datagram may come to the gateway; `undefined` if it may not. A connection begins with a long
 * header of any version in at least 1200 bytes (RFC 9000 §14.1), and continues from elsewhere with a short header.
 */
export function arrivalOf(datagram: Uint8Array): Arrival | undefined {
  if (datagram[0]! >= 0x80) return datagram.length >= minInitialDatagramBytes ? "beginning" : undefined;
  return datagram.length >= minShortPacketBytes ? "moving" : undefined;
}

/**
 * Watches a gateway client until it has answered the gateway with anything but an Initial. Until then its source address may be
 * spoofed. A client that arrives with a short header continues a connection, and is watched until the gateway has validated its
 * path. src/forwarder/native/splice/probation.h has the same rules.
 */
export class Probation {
  readonly #isMoving: boolean;
  /** The connection ID that the gateway has chosen. A client that sends to it has received it. */
  #gatewayId: Uint8Array | undefined;
  #bytesIn = 0;
  #bytesOut = 0;

  constructor(arrival: Arrival) {
    this.#isMoving = arrival === "moving";
  }

  /** Takes a datagram of the client. Reports whether its probation is over. */
  sent(datagram: Uint8Array): boolean {
    this.#bytesIn += datagram.length;
    if (this.#gatewayId) return hasAnswer(datagram, this.#gatewayId);
    return this.#isMoving && datagram[0]! < 0x80 && this.#isPathProven();
  }

  /** Takes a datagram of the gateway. */
  answered(datagram: Uint8Array): void {
    const header = parseLongHeader(datagram);
    if (header) this.#gatewayId = chosenId(datagram, header) ?? this.#gatewayId;
    else this.#bytesOut += datagram.length;
  }

  /**
   * Reports whether the gateway has validated the path of a moving client. Until then it sends no more there than three times
   * what came from there (RFC 9000 §8.1, §9.3). An answer or a probe proves nothing: the real client of a connection may have
   * sent the packet that it answers, from elsewhere with this source address.
   */
  #isPathProven(): boolean {
    return this.#bytesOut > 3 * this.#bytesIn + unprovenPathBytes;
  }
}

/** Returns the source connection ID of an Initial or Handshake. Retry and Version Negotiation do not settle one. */
function chosenId(
  datagram: Uint8Array,
  { sourceId, version }: { readonly sourceId: Uint8Array; readonly version: number },
): Uint8Array | undefined {
  const hasNoConnection = version === 0 || longPacketTypeOf(datagram, version) === longPacketType.retry;
  if (hasNoConnection || sourceId.length > maxConnectionIdBytes) return undefined;
  // Copied, because the datagram's memory is the socket's.
  return Uint8Array.from(sourceId);
}

/**
 * Reports whether a packet of the datagram is to `id` and is no Initial. The Handshake that ends a client's part often follows
 * the Initial that acknowledges the server's.
 */
function hasAnswer(datagram: Uint8Array, id: Uint8Array): boolean {
  let rest = datagram;
  for (let i = 0; i < maxPackets && rest.length > 0; i++) {
    if (!isInitial(rest) && isTo(rest, id)) return true;
    const length = longPacketLength(rest);
    if (length === undefined) return false;
    rest = rest.subarray(length);
  }
  return false;
}

/** Reports whether a packet is an Initial, or may be one in an unknown version. */
function isInitial(datagram: Uint8Array): boolean {
  if (datagram[0]! < 0x80) return false;
  const header = parseLongHeader(datagram);
  const type = header && longPacketTypeOf(datagram, header.version);
  return type === undefined || type === longPacketType.initial;
}

/** Reports whether a packet's destination connection ID is `id`. Only the version-independent part is read (RFC 8999 §5). */
function isTo(datagram: Uint8Array, id: Uint8Array): boolean {
  const isLong = datagram[0]! >= 0x80;
  if (isLong && datagram[5] !== id.length) return false;
  const at = isLong ? 6 : 1;
  return datagram.length >= at + id.length && id.every((byte, i) => datagram[at + i] === byte);
}
