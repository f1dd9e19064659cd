import { unprovenPathBytes } from "../../defaults/index.ts";
import {
  longPacketLength,
  longPacketType,
  longPacketTypeOf,
  maxConnectionIdBytes,
  minInitialDatagramBytes,
  parseLongHeader,
} from "../../wire/quic-packet.ts";

/** Packets of one datagram that are looked at: one of each kind that a client coalesces (RFC 9000 §12.2). */
const maxPackets = 4;

/** How a gateway client comes: with a connection that it begins, or with one that it has had at another address. */
export type Arrival = "beginning" | "moving";

/**
 * Shortest packet with a short header, in bytes: the first byte, a packet number of 4 bytes at most and the sample for
 * header protection behind it (RFC 9001 §5.4.2), whatever the length of the connection ID.
 */
const minShortPacketBytes = 1 + 4 + 16;

/**
 * Tells how the sender of a datagram may come to the gateway, or that it may not: a connection begins with a long
 * header of any version in at least 1200 bytes (RFC 9000 §14.1), and goes on from elsewhere with a short header.
 */
export function arrivalOf(datagram: Uint8Array): Arrival | undefined {
  if (datagram[0]! >= 0x80) return datagram.length >= minInitialDatagramBytes ? "beginning" : undefined;
  return datagram.length >= minShortPacketBytes ? "moving" : undefined;
}

/**
 * Watches a gateway client until it has answered the gateway with anything but an Initial: until then it may be
 * anybody, at an address that is not its own. One that comes with a short header, so goes on with a connection, is watched until
 * the gateway has validated its path. `native/probation.h` has the same rules.
 */
export class Probation {
  readonly #isMoving: boolean;
  /** The connection ID that the gateway has chosen: who sends to it has received it. */
  #gatewayId: Uint8Array | undefined;
  #bytesIn = 0;
  #bytesOut = 0;

  constructor(arrival: Arrival) {
    this.#isMoving = arrival === "moving";
  }

  /** The client sent this: tells whether its probation is over. */
  sent(datagram: Uint8Array): boolean {
    this.#bytesIn += datagram.length;
    if (this.#gatewayId) return hasAnswer(datagram, this.#gatewayId);
    return this.#isMoving && datagram[0]! < 0x80 && this.#isPathProven();
  }

  /** The gateway answered this. */
  answered(datagram: Uint8Array): void {
    const header = parseLongHeader(datagram);
    if (header) this.#gatewayId = chosenId(datagram, header) ?? this.#gatewayId;
    else this.#bytesOut += datagram.length;
  }

  /**
   * Whether the gateway has validated the path of a client that moves: until then it sends no more there than three times
   * what came from there (RFC 9000 §8.1, §9.3). That it answers, or probes, shows nothing: what it answers may have been
   * sent from elsewhere, with this source address, by the real client of a connection.
   */
  #isPathProven(): boolean {
    return this.#bytesOut > 3 * this.#bytesIn + unprovenPathBytes;
  }
}

/** The source connection ID of an Initial or Handshake: Retry and Version Negotiation are from nobody yet. */
function chosenId(
  datagram: Uint8Array,
  { sourceId, version }: { readonly sourceId: Uint8Array; readonly version: number },
): Uint8Array | undefined {
  const isFromNobody = version === 0 || longPacketTypeOf(datagram, version) === longPacketType.retry;
  if (isFromNobody || sourceId.length > maxConnectionIdBytes) return undefined;
  // Copied, as the datagram's memory is the socket's.
  return Uint8Array.from(sourceId);
}

/**
 * Whether a packet of the datagram is to `id` and no Initial: the Handshake that ends a client's part often stands behind
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

/** Whether a packet is an Initial, or with what may be one in a version that we do not know. */
function isInitial(datagram: Uint8Array): boolean {
  if (datagram[0]! < 0x80) return false;
  const header = parseLongHeader(datagram);
  const type = header && longPacketTypeOf(datagram, header.version);
  return type === undefined || type === longPacketType.initial;
}

/** Whether a packet's destination connection ID is `id`; only the version-independent part is looked at (RFC 8999 §5). */
function isTo(datagram: Uint8Array, id: Uint8Array): boolean {
  const isLong = datagram[0]! >= 0x80;
  if (isLong && datagram[5] !== id.length) return false;
  const at = isLong ? 6 : 1;
  return datagram.length >= at + id.length && id.every((byte, i) => datagram[at + i] === byte);
}
