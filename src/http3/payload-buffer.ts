/** Less is not worth growing for. */
const minBytes = 64;
const noBytes: Buffer = Buffer.alloc(0);

/** Keeps a frame's payload until it is whole, in memory that grows with what has come, not with what was announced. */
export class PayloadBuffer {
  #bytes: Buffer = noBytes;
  #length = 0;

  /** Memory that it takes, in bytes: at most twice what has come, and some. */
  get heldBytes(): number {
    return this.#bytes.length;
  }

  /** @param missing bytes of the payload that have not come yet, those of `piece` included. */
  add(piece: Uint8Array, missing: number): void {
    const length = this.#length + piece.length;
    if (length > this.#bytes.length)
      this.#grow(Math.min(Math.max(length, this.#length * 2, minBytes), this.#length + missing));
    this.#bytes.set(piece, this.#length);
    this.#length = length;
  }

  /** Gives what was kept, and keeps it no longer. */
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
