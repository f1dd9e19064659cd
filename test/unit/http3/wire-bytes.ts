import { encodeVarint } from "../../../src/wire/varint.ts";

/** Fields in the order that they come in. */
export type FieldLines = readonly (readonly [name: string, value: string])[];

/** A frame (RFC 9114 §7.1). */
export function frame(type: number, payload: Uint8Array | string = ""): Buffer {
  const bytes = typeof payload === "string" ? Buffer.from(payload, "latin1") : payload;
  return Buffer.concat([encodeVarint(type), encodeVarint(bytes.length), bytes]);
}

/** A field section of literals alone (RFC 9204 §4.5.6), in this order and case, with names and values below 128 bytes. */
export function section(lines: FieldLines): Buffer {
  const literals = lines.map(([name, value]) => {
    const length = name.length < 7 ? [0x20 | name.length] : [0x27, name.length - 7];
    return Buffer.concat([
      Buffer.from([...length]),
      Buffer.from(name, "latin1"),
      Buffer.from(value.length < 127 ? [value.length] : [127, value.length - 127]),
      Buffer.from(value, "latin1"),
    ]);
  });
  return Buffer.concat([Buffer.from([0, 0]), ...literals]);
}

/** Cuts bytes at these places, whatever their order. */
export function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...new Set([...places.map((place) => place % (bytes.length + 1)), bytes.length])];
  let at = 0;
  return ends.sort((a, b) => a - b).map((end) => bytes.subarray(at, (at = end)));
}
