import type { ServerHttp3Stream } from "@currentspace/http3";

/**
 * Keeps a stream open here until what was written to it has been sent: for the HTTP library it is over as soon as it has
 * ended on both sides, even if its client has taken nothing yet.
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
 * Gives a piece's memory back now. It is the library's, much larger than what is in it, and the garbage collector, which
 * knows nothing of that, would let hundreds of MB of it wait.
 */
export function freePiece(piece: Uint8Array): void {
  const { buffer, byteLength } = piece;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}
