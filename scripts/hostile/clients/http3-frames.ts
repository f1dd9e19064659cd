import type { Target } from "../attack.ts";

/** Header fields, including pseudo-header fields, in sending order. */
export type Fields = readonly (readonly [name: string, value: string])[];

/** Returns the fields of a GET. */
export function get(path: string, { port }: Pick<Target, "port">): Fields {
  return [
    [":method", "GET"],
    [":scheme", "https"],
    [":authority", `localhost:${port}`],
    [":path", path],
  ];
}

/** Returns the fields of a POST. */
export function post(path: string, target: Pick<Target, "port">): Fields {
  return get(path, target).map(([name, value]) => [name, name === ":method" ? "POST" : value]);
}

/** Returns a HEADERS frame without compression (RFC 9204 §4.5.6). */
export function headersFrame(fields: Fields): Buffer {
  const section = Buffer.concat([
    Buffer.from([0, 0]),
    ...fields.flatMap(([name, value]) => [
      prefixed(0x20, 3, Buffer.from(name)),
      prefixed(0, 7, Buffer.from(value)),
    ]),
  ]);
  return Buffer.concat([Buffer.from([1]), varint(section.length), section]);
}

/** Encodes a string after its length, whose prefix has `bits` bits (RFC 9204 §4.1.1 and §4.1.2). */
function prefixed(flags: number, bits: number, text: Buffer): Buffer {
  const most = (1 << bits) - 1;
  if (text.length < most) return Buffer.concat([Buffer.from([flags | text.length]), text]);
  const length = [flags | most];
  let rest = text.length - most;
  for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([...length, rest]), text]);
}

/** Encodes a variable-length integer in 8 bytes (RFC 9000 §16). */
export function varint(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value) | (3n << 62n));
  return bytes;
}

/** Returns the status in the first HEADERS frame of a response; `undefined` if it has not arrived yet. */
export function statusOf(frames: Buffer): number | undefined {
  for (let at = 0; at < frames.length;) {
    const type = readVarint(frames, at);
    const length = type && readVarint(frames, type.end);
    if (!length) return undefined;
    const end = length.end + length.value;
    // `:status` follows the prefix of two bytes, as nothing can refer to a dynamic table that the client does not
    // offer.
    if (type.value === 1) return fieldStatus(frames.subarray(length.end + 2, end));
    at = end;
  }
  return undefined;
}

function readVarint(bytes: Buffer, at: number): { readonly value: number; readonly end: number } | undefined {
  const length = 1 << (bytes[at]! >> 6);
  if (at + length > bytes.length) return undefined;
  let value = bytes[at]! & 63;
  for (let i = 1; i < length; i++) value = value * 256 + bytes[at + i]!;
  return { value, end: at + length };
}

/** Statuses in the static table (RFC 9204, appendix A). */
const statuses: ReadonlyMap<number, number> = new Map(
  Object.entries({ 24: 103, 25: 200, 26: 304, 27: 404, 28: 503, 63: 100, 64: 204, 65: 206, 66: 302, 67: 400 })
    .concat(Object.entries({ 68: 403, 69: 421, 70: 425, 71: 500 }))
    .map(([index, status]) => [Number(index), status]),
);

function fieldStatus(line: Buffer): number | undefined {
  const isIndexed = line[0]! >> 6 === 3;
  if (isIndexed) return statuses.get((line[0]! & 63) === 63 ? 63 + line[1]! : line[0]! & 63);
  // A literal with a name from the static table: three digits, in ASCII or Huffman code.
  const value = line.subarray((line[0]! & 15) === 15 ? 2 : 1);
  const isHuffman = (value[0]! & 128) !== 0;
  return isHuffman ? huffmanDigits(value.subarray(1, 1 + (value[0]! & 127))) : Number(value.subarray(1, 4));
}

/** Decodes three digits in the code of RFC 7541, appendix B: 0 to 2 have 5 bits, the others 6. */
function huffmanDigits(bytes: Buffer): number {
  let bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  let text = "";
  while (text.length < 3) {
    const length = bits.slice(0, 5) <= "00010" ? 5 : 6;
    const code = Number.parseInt(bits.slice(0, length), 2);
    text += length === 5 ? code : code - 0b011001 + 3;
    bits = bits.slice(length);
  }
  return Number(text);
}
