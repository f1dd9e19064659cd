/** No bytes. All that keep none for now share it. */
export const noBytes: Uint8Array = new Uint8Array();

/**
 * Copies bytes into memory of their own. A view keeps all of the memory that it shows a part of: Node decodes base64 and joins
 * pieces in slabs of `Buffer.poolSize` bytes.
 */
export function ownBytes(bytes: Uint8Array): Uint8Array {
  return bytes.length === 0 ? noBytes : new Uint8Array(bytes);
}

/** Copies a well-formed text. V8 keeps a part of a text as a reference to the whole, such as all of a header field. */
export function ownText(text: string): string {
  return Buffer.from(text).toString();
}
