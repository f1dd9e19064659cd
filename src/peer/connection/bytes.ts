import type { QuicpipeError } from "../../errors.ts";
import { optionError } from "../../option-checks.ts";

/**
 * Returns the bytes of what an application writes.
 *
 * @param taker what takes it, and how, such as `a stream takes`.
 * @throws ERR_QUICPIPE_OPTION_INVALID unless it is bytes whose memory is there.
 */
export function bytesOf(chunk: unknown, taker: string): Uint8Array {
  if (chunk instanceof ArrayBuffer) return bytesOf(new Uint8Array(chunk), taker);
  if (!ArrayBuffer.isView(chunk)) {
    const remedy = "write a Uint8Array, text by way of TextEncoder";
    throw optionError("chunk", `${taker} bytes, not ${typeof chunk}: ${remedy}`);
  }
  if (isDetached(chunk)) throw detachedError();
  return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

/** Reports whether the memory of bytes belongs to another buffer or thread by now. */
export function isDetached({ buffer }: ArrayBufferView): boolean {
  return buffer instanceof ArrayBuffer && buffer.detached;
}

export function detachedError(): QuicpipeError {
  return optionError(
    "chunk",
    "the written bytes were transferred to another buffer or thread: write a copy of them",
  );
}
