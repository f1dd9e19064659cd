import { formatIp } from "../../wire/address.ts";
import type { EpochTime, MappingReason, Refusal } from "./answers.ts";

/** A request for a mapping of a UDP port (RFC 6886 §3.3). */
export interface NatPmpMapRequest {
  readonly internalPort: number;
  /** 0 ends the mapping (§3.4). */
  readonly lifetimeSeconds: number;
  /** What the router had given before, so that it may give the same; 0 if nothing, or to end it. */
  readonly suggestedPort: number;
}

/** A mapping, without the address, which is asked for by itself. */
export interface NatPmpMapping extends EpochTime {
  readonly kind: "mapped";
  readonly externalPort: number;
  readonly lifetimeSeconds: number;
}

/** The router's address outside. */
export interface NatPmpAddress extends EpochTime {
  readonly kind: "address";
  readonly externalAddress: string;
}

/** Encodes the request for the router's address outside (RFC 6886 §3.2). */
export function encodeNatPmpAddressRequest(): Uint8Array {
  return Buffer.of(version, opcode.address);
}

/** Encodes a request for a mapping, 12 bytes. */
export function encodeNatPmpMap({
  internalPort,
  suggestedPort,
  lifetimeSeconds,
}: NatPmpMapRequest): Uint8Array {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt8(version, 0);
  bytes.writeUInt8(opcode.mapUdp, 1);
  bytes.writeUInt16BE(internalPort, 4);
  bytes.writeUInt16BE(suggestedPort, 6);
  bytes.writeUInt32BE(lifetimeSeconds, 8);
  return bytes;
}

/** Parses the answer to the request for the address; `undefined` for anything else. */
export function parseNatPmpAddress(datagram: Uint8Array): NatPmpAddress | Refusal | undefined {
  const header = parseHeader(datagram, opcode.address);
  if (header?.kind !== "success") return header;
  if (datagram.length < 12) return undefined;
  return { ...header, kind: "address", externalAddress: formatIp(datagram.subarray(8, 12)) };
}

/** Parses the answer to a request for a mapping of a port; `undefined` for anything else. */
export function parseNatPmpMapping(
  datagram: Uint8Array,
  internalPort: number,
): NatPmpMapping | Refusal | undefined {
  const header = parseHeader(datagram, opcode.mapUdp);
  if (header?.kind !== "success") return header;
  const view = viewOf(datagram);
  if (datagram.length < 16 || view.getUint16(8) !== internalPort) return undefined;
  const [externalPort, lifetimeSeconds] = [view.getUint16(10), view.getUint32(12)];
  return { ...header, kind: "mapped", externalPort, lifetimeSeconds };
}

const version = 0;
const opcode = { address: 0, mapUdp: 1 } as const;
const answerBit = 0x80;

/** RFC 6886 §3.5. */
const reasons: ReadonlyMap<number, MappingReason> = new Map([
  [2, "not-authorized"],
  [3, "no-external-address"],
  [4, "no-resources"],
]);

function parseHeader(
  datagram: Uint8Array,
  code: number,
): (EpochTime & { readonly kind: "success" }) | Refusal | undefined {
  if (datagram.length < 8 || datagram[0] !== version || datagram[1] !== (answerBit | code)) return undefined;
  const view = viewOf(datagram);
  const result = view.getUint16(2);
  const epochSeconds = view.getUint32(4);
  if (result === 0) return { kind: "success", epochSeconds };
  return { kind: "refused", epochSeconds, reason: reasons.get(result) ?? "refused" };
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
