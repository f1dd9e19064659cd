import { connectionFault, type Http3Fault, qpackCode } from "../fault.ts";
import { FieldCollector, type FieldLimits, type Fields } from "../fields.ts";
import { decodeHuffman, encodePrefixed, parsePrefixed } from "./primitives.ts";
import { findStatic, staticTable } from "./static-table.ts";

/** Decodes a field section (RFC 9204 §4.5) without a dynamic table, as none is offered. */
export function decodeFieldSection(
  section: Uint8Array,
  limits: FieldLimits,
): { readonly fields: Fields } | Http3Fault {
  let at = prefixEnd(section);
  const collector = new FieldCollector(limits);
  while (at !== undefined && at < section.length) {
    const line = parseLine(section, at);
    const fault = line && collector.add(line.name, line.value);
    if (fault) return fault;
    at = line?.end;
  }
  if (at !== undefined) return collector;
  return connectionFault(qpackCode.decompressionFailed, "a field section cannot be read");
}

/**
 * Returns the end of the section prefix (RFC 9204 §4.5.1). Without a dynamic table the Required Insert Count is 0. A Base below
 * it is invalid, any other Base has no effect.
 */
function prefixEnd(section: Uint8Array): number | undefined {
  if (section[0] !== 0 || (section[1] ?? 0) & 0x80) return undefined;
  return parsePrefixed(section, 1, 7)?.end;
}

interface Line {
  readonly name: string;
  readonly value: string;
  readonly end: number;
}

/** Parses the representations of RFC 9204 §4.5.2, §4.5.4 and §4.5.6. All others refer to the dynamic table. */
function parseLine(section: Uint8Array, at: number): Line | undefined {
  const first = section[at]!;
  if (first >= 0xc0) {
    const entry = parseIndex(section, at, 6);
    return entry && { name: entry.name, value: entry.value, end: entry.end };
  }
  if (first >> 4 === 0b0101 || first >> 4 === 0b0111) {
    const entry = parseIndex(section, at, 4);
    return entry && parseValue(section, entry.end, entry.name);
  }
  if (first >> 5 !== 0b001) return undefined;
  const name = parseString(section, at, 3);
  return name && parseValue(section, name.end, name.text);
}

function parseIndex(section: Uint8Array, at: number, bits: number): Line | undefined {
  const index = parsePrefixed(section, at, bits);
  const entry = index && staticTable[index.value];
  return entry && { name: entry[0], value: entry[1], end: index.end };
}

function parseValue(section: Uint8Array, at: number, name: string): Line | undefined {
  const value = parseString(section, at, 7);
  return value && { name, value: value.text, end: value.end };
}

/** Parses a string after its length. The bit above the length tells whether it is Huffman-coded (RFC 9204 §4.1.2). */
function parseString(
  section: Uint8Array,
  at: number,
  bits: number,
): { text: string; end: number } | undefined {
  const length = parsePrefixed(section, at, bits);
  if (!length) return undefined;
  const end = length.end + length.value;
  if (end > section.length) return undefined;
  const bytes = section.subarray(length.end, end);
  const isHuffman = section[at]! & (1 << bits);
  const text = isHuffman ? decodeHuffman(bytes) : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return text && { text: text.toString("latin1"), end };
}

/** Encodes a field section with the static table and literals, which need no dynamic table. Pseudo-fields come first. */
export function encodeFieldSection(fields: Fields): Buffer {
  const names = Object.keys(fields);
  // The section prefix (RFC 9204 §4.5.1).
  let section = "\0\0";
  // Objects list numeric names before all others (RFC 9114 §4.3).
  for (const isPseudo of [true, false])
    for (const name of names)
      if (name.startsWith(":") === isPseudo)
        for (const value of [fields[name]!].flat()) section += encodeLine(name, value);
  return Buffer.from(section, "latin1");
}

function encodeLine(name: string, value: string): string {
  const entry = findStatic(name, value);
  if (entry?.isWhole) return encodePrefixed(0xc0, 6, entry.index);
  return (
    (entry ? encodePrefixed(0x50, 4, entry.index) : encodeString(0x20, 3, name)) + encodeString(0, 7, value)
  );
}

function encodeString(flags: number, bits: number, text: string): string {
  return encodePrefixed(flags, bits, text.length) + text;
}
