import { QuicpipeError } from "../../errors.ts";
import { isJsonObject } from "../../option-checks.ts";
import {
  type InstanceName,
  isName,
  maxMessagePackets,
  maxNameBytes,
  maxNoteBytes,
  maxPacketBytes,
} from "../../protocol.ts";
import { maxKeyBytes, minKeyBytes } from "../../wire/connection-id.ts";
import { parseFirstFlight } from "../../wire/quic-packet.ts";

/** Requires a registration key. @throws ERR_QUICPIPE_KEY_INVALID */
export function requireKey(value: unknown): Uint8Array {
  const key = parseBase64(value);
  if (key && key.length >= minKeyBytes && key.length <= maxKeyBytes) return key;
  throw new QuicpipeError(
    "ERR_QUICPIPE_KEY_INVALID",
    `"key" must be ${minKeyBytes} to ${maxKeyBytes} bytes in base64 (RFC 4648 §4, with padding)`,
  );
}

/** Requires the names of a peer's process or none. @throws ERR_QUICPIPE_BODY_INVALID */
export function requireInstance(value: unknown): InstanceName | undefined {
  if (value === undefined) return undefined;
  const { holder, run }: Readonly<Record<string, unknown>> = isJsonObject(value) ? value : {};
  if (isSecretName(holder) && isSecretName(run)) return { holder, run };
  throw new QuicpipeError(
    "ERR_QUICPIPE_BODY_INVALID",
    `"instance" must be {"holder", "run"}, ${minKeyBytes} to ${maxKeyBytes} bytes each in base64 (RFC 4648 §4, with padding)`,
  );
}

function isSecretName(value: unknown): value is string {
  const { length = 0 } = parseBase64(value) ?? {};
  return length >= minKeyBytes && length <= maxKeyBytes;
}

/** Requires a number of connection IDs. @throws ERR_QUICPIPE_NUM_INVALID */
export function requireNum(value: unknown, max: number): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw new QuicpipeError("ERR_QUICPIPE_NUM_INVALID", `"num" must be a whole number from 1 to ${max}`);
}

/** Requires a lifetime or none. Cuts it to the maximum. @throws ERR_QUICPIPE_TTL_INVALID */
export function requireTtl(
  value: unknown,
  range: { readonly minMs: number; readonly maxMs: number; readonly defaultMs: number },
): number {
  const ttlMs = value === undefined ? Math.max(range.defaultMs, range.minMs) : value;
  if (typeof ttlMs === "number" && Number.isSafeInteger(ttlMs) && ttlMs >= range.minMs)
    return Math.min(ttlMs, range.maxMs);
  throw new QuicpipeError(
    "ERR_QUICPIPE_TTL_INVALID",
    `"ttlMs" must be a whole number of milliseconds, at least ${range.minMs}`,
  );
}

/** Requires a message's note or none. @throws ERR_QUICPIPE_NOTE_INVALID */
export function requireNote(value: unknown): string | null {
  if (value === undefined) return null;
  if (typeof value === "string" && value.isWellFormed() && Buffer.byteLength(value) <= maxNoteBytes)
    return value;
  throw new QuicpipeError(
    "ERR_QUICPIPE_NOTE_INVALID",
    `"note" must be a string of at most ${maxNoteBytes} bytes in UTF-8`,
  );
}

/** Requires a recipient's name. @throws ERR_QUICPIPE_RECIPIENT_INVALID */
export function requireRecipient(name: string): string {
  if (isName(name)) return name;
  throw new QuicpipeError(
    "ERR_QUICPIPE_RECIPIENT_INVALID",
    `the recipient's name must have 1 to ${maxNameBytes} bytes, and not be "." or ".."`,
  );
}

/** The datagrams of a message, and their destination connection ID. */
export interface InitialFlight {
  readonly packets: readonly Uint8Array[];
  readonly destinationId: Uint8Array;
}

/** Requires a message's member `packets`. @throws ERR_QUICPIPE_PACKETS_INVALID, ERR_QUICPIPE_PACKET_NOT_INITIAL */
export function requirePackets(value: unknown): InitialFlight {
  if (!Array.isArray(value) || value.length < 1 || value.length > maxMessagePackets)
    throw packetsInvalid(`"packets" must be a list of 1 to ${maxMessagePackets} datagrams`);
  return requireFlight(
    value.map((text: unknown, index) => {
      const packet = parseBase64(text);
      if (!packet) throw packetsInvalid(`packet ${index} is no base64 (RFC 4648 §4, with padding)`);
      return packet;
    }),
  );
}

/** Requires datagrams that open a QUIC connection. @throws ERR_QUICPIPE_PACKETS_INVALID, ERR_QUICPIPE_PACKET_NOT_INITIAL */
export function requireFlight(packets: readonly Uint8Array[]): InitialFlight {
  let destinationId: Uint8Array | undefined;
  let hasInitial = false;
  for (const [index, packet] of packets.entries()) {
    if (packet.length < 1 || packet.length > maxPacketBytes)
      throw packetsInvalid(`packet ${index} has ${packet.length} bytes: 1 to ${maxPacketBytes} are allowed`);
    const flight = parseFirstFlight(packet);
    if (typeof flight === "string") throw notInitial(`packet ${index} is refused: ${flight}`);
    destinationId ??= Uint8Array.from(flight.destinationId);
    // They are of two connections: the accepter makes one, and the initial route leads to one.
    if (Buffer.compare(destinationId, flight.destinationId) !== 0)
      throw notInitial(`packet ${index} has another destination connection ID than packet 0`);
    hasInitial ||= flight.hasInitial;
  }
  if (!destinationId || !hasInitial) throw notInitial("none of the packets is an Initial");
  return { packets, destinationId };
}

/** Decodes base64 in its canonical form only, so that equal bytes have equal text; `undefined` for all else. */
function parseBase64(value: unknown): Uint8Array | undefined {
  if (typeof value !== "string") return undefined;
  const bytes = Buffer.from(value, "base64");
  return bytes.toString("base64") === value ? bytes : undefined;
}

function packetsInvalid(message: string): QuicpipeError {
  return new QuicpipeError("ERR_QUICPIPE_PACKETS_INVALID", message);
}

function notInitial(message: string): QuicpipeError {
  return new QuicpipeError("ERR_QUICPIPE_PACKET_NOT_INITIAL", message);
}
