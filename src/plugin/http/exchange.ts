import type { H3Event } from "h3";
import { QuicpipeError } from "../../errors.ts";
import { isJsonObject } from "../../option-checks.ts";

/** Returns the media type of a request in lower case, without parameters; JSON if there is none. */
export function mediaTypeOf(headers: Headers): string {
  return headers.get("content-type")?.split(";", 1)[0]!.trim().toLowerCase() || "application/json";
}

/**
 * Reads a JSON object of at most `maxBytes`.
 *
 * @throws ERR_QUICPIPE_CONTENT_TYPE_UNSUPPORTED, ERR_QUICPIPE_BODY_TOO_LARGE, ERR_QUICPIPE_BODY_INVALID
 */
export async function readJson(request: BodySource, maxBytes: number): Promise<Record<string, unknown>> {
  const mediaType = mediaTypeOf(request.headers);
  if (mediaType !== "application/json") throw unsupported(mediaType, "application/json");
  const body = await readBytes(request, maxBytes);
  try {
    // RFC 8259 §8.1: the text must be valid UTF-8.
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
    if (isJsonObject(value)) return value;
  } catch (cause) {
    throw bodyInvalid("the body is no JSON in UTF-8", cause);
  }
  throw bodyInvalid("the body is JSON, but no object");
}

/**
 * Reads a body of at most `maxBytes`. Fails as soon as `Content-Length` or the bytes read exceed that, without waiting for
 * the end.
 *
 * @throws ERR_QUICPIPE_BODY_TOO_LARGE, and ERR_QUICPIPE_BODY_INVALID if it breaks off
 */
export async function readBytes(request: BodySource, maxBytes: number): Promise<Uint8Array> {
  if (Number(request.headers.get("content-length")) > maxBytes) throw tooLarge(maxBytes);
  // One buffer that grows, because the body may come in tiny pieces.
  let bytes = new Uint8Array(Math.min(firstBufferBytes, maxBytes));
  let length = 0;
  try {
    // Cancelling the rest would close an HTTP/1.1 connection before the answer is sent.
    for await (const chunk of request.body?.values({ preventCancel: true }) ?? []) {
      const start = length;
      length += chunk.length;
      if (length > maxBytes) break;
      if (length > bytes.length)
        bytes = new Uint8Array(bytes.buffer.transfer(Math.min(maxBytes, Math.max(length, 2 * bytes.length))));
      bytes.set(chunk, start);
    }
  } catch (cause) {
    throw bodyInvalid("the body broke off", cause);
  }
  if (length > maxBytes) throw tooLarge(maxBytes);
  return bytes.slice(0, length);
}

/** Room for most bodies, in bytes. */
const firstBufferBytes = 1024;

/** The parts of a request needed to read its body. */
export type BodySource = Pick<Request, "headers" | "body">;

/** @param allowed media types that the route accepts. */
export function unsupported(mediaType: string, allowed: string): QuicpipeError {
  return new QuicpipeError(
    "ERR_QUICPIPE_CONTENT_TYPE_UNSUPPORTED",
    `the content type ${mediaType} is not supported here: send ${allowed}`,
  );
}

function bodyInvalid(message: string, cause?: unknown): QuicpipeError {
  return new QuicpipeError("ERR_QUICPIPE_BODY_INVALID", message, { cause });
}

function tooLarge(maxBytes: number): QuicpipeError {
  return new QuicpipeError("ERR_QUICPIPE_BODY_TOO_LARGE", `the body is longer than ${maxBytes} bytes`);
}

/** Answers with JSON. Caches must not store it: answers are private and soon outdated. */
export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return jsonText(JSON.stringify(body), status, headers);
}

/** Answers as {@link json}, with a text that is JSON already. */
export function jsonText(text: string, status = 200, headers: Record<string, string> = {}): Response {
  const own = { "content-type": "application/json", "cache-control": "no-store" };
  return new Response(text, { status, headers: { ...own, ...headers } });
}

/** Answers with 204 and no body. */
export function noContent(): Response {
  return new Response(null, { status: 204, headers: { "cache-control": "no-store" } });
}

/** Returns the path of the request as its client sees it, including the prefixes that mounted apps remove. */
export function requestPathOf(event: H3Event): string {
  return new URL(event.req.url).pathname;
}
