import { createHash } from "node:crypto";
import { QuicpipeError } from "../../errors.ts";
import { isName } from "../../protocol.ts";
import { pinPrefix } from "../trust/identity.ts";
import { decodeBase32, encodeBase32 } from "./base32.ts";

/** What a dialer needs to reach an accepter that it has never heard of. It is a secret until it is used. */
export interface Ticket {
  /** URL of the relay, `https:`. */
  readonly relay: string;
  /** Pin of the key of the relay's certificate; the system's CAs verify it if absent. */
  readonly relayPin: string | undefined;
  /** The accepter's name and the pin of its key. */
  readonly name: string;
  readonly pin: string;
  /** Bearer token of an invitation: a JWT. */
  readonly token: string;
  /** The dialer's private key (Ed25519), 32 bytes, which the accepter trusts. */
  readonly seed: Uint8Array;
}

/** Start of every ticket. The digit is the version. */
const prefix = "quicpipe1";
/** Longest ticket, in characters: names, URL and token of the greatest length. */
export const maxTicketLength = 4096;
const hashBytes = 32;
const checkBytes = 4;
/** Longest field of a ticket, in bytes. */
const maxFieldBytes = 1024;
const trustKinds = { systemCas: 0, pin: 1 } as const;

/**
 * Reports whether a text was meant as a ticket: by its start, and a rest that is longer than a name that begins so would be. Such a text
 * is never shown.
 */
export function isTicket(text: string): boolean {
  return text.startsWith(prefix) && text.length >= 2 * prefix.length + checkBytes;
}

/**
 * Encodes a ticket: the prefix, and in base32 the kind of trust in the relay, the pins, the seed, each text after its length in two
 * bytes, and a checksum (docs/protocol.md, "Tickets").
 *
 * @throws ERR_QUICPIPE_TICKET_INVALID if something does not fit.
 */
export function encodeTicket({ relay, relayPin, name, pin, token, seed }: Ticket): string {
  const fields = [relay.slice(scheme.length), name].map((text) => Buffer.from(text));
  const parts = token.split(".").map((part) => Buffer.from(part, "base64url"));
  const body = Buffer.concat([
    Buffer.of(relayPin === undefined ? trustKinds.systemCas : trustKinds.pin),
    ...(relayPin === undefined ? [] : [hashOf(relayPin)]),
    hashOf(pin),
    seed,
    ...[...fields, ...parts].flatMap((field) => [lengthOf(field), field]),
  ]);
  const text = prefix + encodeBase32(Buffer.concat([body, checksum(body)]));
  decodeTicket(text);
  return text;
}

/** Decodes a ticket. @throws ERR_QUICPIPE_TICKET_INVALID if it is none, was cut or mistyped, or is of another version. */
export function decodeTicket(text: string): Ticket {
  if (typeof text !== "string" || !text.startsWith(prefix)) throw invalid(`it does not begin with ${prefix}`);
  if (text.length > maxTicketLength) throw invalid(`it is longer than ${maxTicketLength} characters`);
  const bytes = decodeBase32(text.slice(prefix.length));
  if (!bytes || bytes.length <= checkBytes) throw damaged();
  const [body, check] = [bytes.subarray(0, -checkBytes), bytes.subarray(-checkBytes)];
  if (Buffer.compare(checksum(body), check) !== 0) throw damaged();
  const reader = new Reader(body);
  const [kind] = reader.take(1);
  if (kind !== trustKinds.systemCas && kind !== trustKinds.pin) throw invalid("it knows another trust");
  const relayPin = kind === trustKinds.pin ? pinFrom(reader.take(hashBytes)) : undefined;
  const [pin, seed] = [pinFrom(reader.take(hashBytes)), Uint8Array.from(reader.take(hashBytes))];
  const [relay, name] = [requireUrl(reader.text()), requireName(reader.text())];
  const token = [reader.field(), reader.field(), reader.field()]
    .map((part) => Buffer.from(part).toString("base64url"))
    .join(".");
  if (reader.left > 0) throw invalid("it has more than it should");
  return { relay, relayPin, name, pin, token, seed };
}

/** Reads the fields of a ticket in order. */
class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  take(length: number): Uint8Array {
    if (length > this.left) throw invalid("it ends too early");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  field(): Uint8Array {
    const [high, low] = this.take(2) as unknown as [number, number];
    const length = (high << 8) | low;
    if (length === 0 || length > maxFieldBytes) throw invalid("a part of it is empty or too long");
    return this.take(length);
  }

  text(): string {
    const bytes = this.field();
    const text = Buffer.from(bytes).toString();
    if (Buffer.compare(Buffer.from(text), bytes) !== 0) throw invalid("a part of it is no text");
    return text;
  }
}

const scheme = "https://";

/** Requires host, port and path as the URL parser writes them, and nothing else. */
function requireUrl(text: string): string {
  const url = URL.parse(scheme + text);
  const written = url && url.host + (url.pathname === "/" ? "" : url.pathname);
  if (written !== text) throw invalid("it names no relay");
  return scheme + text;
}

function requireName(text: string): string {
  if (isName(text)) return text;
  throw invalid("it names no peer");
}

function pinFrom(hash: Uint8Array): string {
  return pinPrefix + Buffer.from(hash).toString("base64");
}

function hashOf(pin: string): Buffer {
  return Buffer.from(pin.slice(pinPrefix.length), "base64");
}

function lengthOf({ length }: Uint8Array): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(length);
  return bytes;
}

function checksum(body: Uint8Array): Buffer {
  return createHash("sha256").update(prefix).update(body).digest().subarray(0, checkBytes);
}

function damaged(): QuicpipeError {
  return invalid("a part of it is missing or mistyped");
}

/** No part of the ticket is in the error: it may be valid in a corrected form. */
function invalid(why: string): QuicpipeError {
  return new QuicpipeError(
    "ERR_QUICPIPE_TICKET_INVALID",
    `this is no ticket: ${why}; copy all of what the other side prints`,
    { details: { why } },
  );
}
