import { VarintReader } from "../wire/varint.ts";
import type { Http3Fault } from "./fault.ts";

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

/** Use of a frame's payload: kept until it is complete, passed on piece by piece, or skipped. */
export type PayloadUse = "keep" | "pass" | "skip";

/** Receives the frames of a stream. */
export interface FrameHandler {
  /**
   * A frame has begun.
   *
   * @param length length of its payload, in bytes.
   */
  begin(type: number, length: number): PayloadUse | Http3Fault;
  /** Part of a payload that is passed on: a view of the pushed bytes, never empty. */
  piece?(bytes: Uint8Array): void;
  /** A complete payload that was kept. */
  whole(type: number, payload: Uint8Array): Http3Fault | undefined;
}

/** Reads the frames of a stream (RFC 9114 §7.1), however it is split into pieces. */
export class FrameReader {
  readonly #varint = new VarintReader();
  readonly #kept = new PayloadBuffer();
  #type: number | undefined;
  /** `undefined` in a frame's header, and between frames. */
  #use: PayloadUse | undefined;
  /** Bytes of the payload still to come. */
  #left = 0;
  #fault: Http3Fault | undefined;

  /** Memory held until a payload is complete, in bytes. */
  get heldBytes(): number {
    return this.#kept.heldBytes;
  }

  /** Whether the last frame is complete. */
  get isBetweenFrames(): boolean {
    return this.#type === undefined && !this.#varint.isInside;
  }

  /** Takes the next bytes. After a fault it reads no more, and returns the fault again. */
  push(bytes: Uint8Array, handler: FrameHandler): Http3Fault | undefined {
    let at = 0;
    while (!this.#fault && at < bytes.length)
      if (this.#use) at += this.#readPayload(bytes.subarray(at, at + this.#left), handler);
      else this.#readHeader(bytes[at++]!, handler);
    return this.#fault;
  }

  #readHeader(byte: number, handler: FrameHandler): void {
    const value = this.#varint.push(byte);
    if (value === undefined) return;
    if (this.#type === undefined) this.#type = value;
    else this.#begin(this.#type, value, handler);
  }

  #begin(type: number, length: number, handler: FrameHandler): void {
    const use = handler.begin(type, length);
    if (typeof use !== "string") {
      this.#fault = use;
      return;
    }
    this.#use = use;
    this.#left = length;
    if (length === 0) this.#finish(noBytes, handler);
  }

  /** @returns the number of bytes taken: all. */
  #readPayload(piece: Uint8Array, handler: FrameHandler): number {
    const { length } = piece;
    const isWhole = length === this.#left;
    // A payload that arrives in one piece is not copied.
    const isSingle = isWhole && this.#kept.heldBytes === 0;
    if (this.#use === "keep" && !isSingle) this.#kept.add(piece, this.#left);
    this.#left -= length;
    if (this.#use === "pass") handler.piece?.(piece);
    if (isWhole) this.#finish(isSingle ? piece : this.#kept.take(), handler);
    return length;
  }

  #finish(payload: Uint8Array, handler: FrameHandler): void {
    const type = this.#type!;
    const isKept = this.#use === "keep";
    this.#type = this.#use = undefined;
    if (isKept) this.#fault = handler.whole(type, payload);
  }
}
