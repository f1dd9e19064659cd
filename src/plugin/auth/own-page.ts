import { isSameOrigin } from "../../console/index.ts";
import { QuicpipeError } from "../../errors.ts";
import { bearerTokenOf } from "./identity.ts";

/**
 * Refuses changes that a page of another origin asks for with what the browser adds by itself: cookies, Basic credentials, a client
 * certificate, an address. A browser asks for no permission where there is no media type. A bearer token is the page's own.
 *
 * @throws ERR_QUICPIPE_ORIGIN_FORBIDDEN
 */
export function requireOwnPage({ method, headers, url }: Request): void {
  if (method === "GET" || method === "HEAD" || bearerTokenOf(headers) !== undefined) return;
  const isBrowsers = headers.has("sec-fetch-site") || headers.has("origin");
  if (isBrowsers && !isSameOrigin(headers, new URL(url)))
    throw new QuicpipeError(
      "ERR_QUICPIPE_ORIGIN_FORBIDDEN",
      "the request comes from a page of another origin: ask from a page of the app, or with a bearer token",
    );
}
