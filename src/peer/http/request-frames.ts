import { dataFrameHead, type Fields, headersFrame, isFieldValue } from "../../http3/index.ts";
import { unreachable } from "./http3-error.ts";
import type { HttpRequest } from "./http.ts";

/**
 * Returns all bytes of a request's stream: its HEADERS, and DATA if it has a body.
 *
 * @throws ERR_QUICPIPE_RELAY_UNREACHABLE for a field that HTTP cannot carry, such as a token with a line break.
 */
export function requestFrames({ method, path, headers, body }: HttpRequest, authority: string): Buffer {
  const pseudoFields = { ":method": method, ":scheme": "https", ":authority": authority, ":path": path };
  const length = body && { "content-length": String(body.length) };
  const fields: Fields = { ...pseudoFields, ...headers, ...length };
  const odd = Object.entries(fields).find(([, value]) => !isFieldValue(String(value)));
  // Not its value, which may be a token.
  if (odd) throw unreachable(`the request cannot be sent, as HTTP cannot carry its field ${odd[0]}`, false);
  const frames = [headersFrame(fields), ...(body ? [dataFrameHead(body.length), body] : [])];
  return Buffer.concat(frames);
}
