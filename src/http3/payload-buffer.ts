/** Smallest size worth growing to, in bytes. */
const minBytes = 64;
const noBytes: Buffer = Buffer.alloc(0);

/** Keeps a frame's payload until it is complete. Memory grows with the bytes that arrive, not with the announced length. */
export class PayloadBuffer {
  #bytes: Buffer = noBytes;
  #length = 0;

  /** Memory held, in bytes: at most twice the bytes that arrived, or 64. */
  get heldBytes(): number {
    return this.#bytes.length;
  }

  /** @param missing bytes of the payload still to come, including `piece`. */
  add(piece: Uint8Array, missing: number): void {
    const length = this.#length + piece.length;
    if (length > this.#bytes.length)
      this.#grow(Math.min(Math.max(length, this.#length * 2, minBytes), this.#length + missing));
    this.#bytes.set(piece, this.#length);
    this.#length = length;
  }

  /** Returns the bytes that were kept, and forgets them. */
  take(): Buffer {
    const bytes = this.#bytes.subarray(0, this.#length);
    this.#bytes = noBytes;
    this.#length = 0;
    return bytes;
  }

  #grow(bytes: number): void {
    const grown = Buffer.alloc(bytes);
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}
