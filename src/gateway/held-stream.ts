import type { ServerHttp3Stream } from "@currentspace/http3";

/**
 * Keeps a stream in the HTTP library's table until what was written to it has been sent: the library forgets a stream
 * that has ended on both sides, and with it that the client's flow control still holds bytes back.
 *
 * @returns lets go of it; idempotent.
 */
export function holdStream(stream: ServerHttp3Stream): () => void {
  const destroy = stream.destroy.bind(stream);
  let isHeld = true;
  let isOver = false;
  stream.destroy = (error) => {
    if (error || !isHeld) return destroy(error);
    isOver = true;
    return stream;
  };
  return () => {
    isHeld = false;
    if (isOver) destroy();
  };
}

/**
 * Whether the client's flow control holds back bytes of a stream that the HTTP library has taken. The library tells
 * nobody, so this reads the field by which it knows.
 */
export function isBlocked(stream: ServerHttp3Stream): boolean {
  return Reflect.get(stream, "_blocked") === true;
}

/**
 * Gives a piece's memory back now. It is the library's, much larger than what is in it, and the garbage collector, which
 * knows nothing of that, would let hundreds of MB of it wait.
 */
export function freePiece(piece: Uint8Array): void {
  const { buffer, byteLength } = piece;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}
