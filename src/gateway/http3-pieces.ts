import type { ServerHttp3Stream } from "@currentspace/http3";

/**
 * Hands each piece of a request's body on when it comes, and gives its memory back. The library would keep what its stream
 * does not take: beside a stream that has been stopped, which is all that may still come in a window, until the connection
 * ends and garbage is collected.
 */
export function takePieces(stream: ServerHttp3Stream): void {
  const push = stream.push.bind(stream);
  stream.push = (piece: Uint8Array | null) => {
    if (piece === null) return push(null);
    if (!stream.destroyed) stream.emit("data", piece);
    freePiece(piece);
    return true;
  };
}

/**
 * Gives a piece's memory back now. It is the library's, much larger than what is in it, and the garbage collector, which
 * knows nothing of that, would let hundreds of MB of it wait.
 */
function freePiece({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}
