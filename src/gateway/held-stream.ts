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
