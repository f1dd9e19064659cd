import type { H3Event } from "h3";

/** Answers with JSON. Caches must not store it: answers are private and soon outdated. */
export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return Response.json(body, { status, headers: { "cache-control": "no-store", ...headers } });
}

/** Answers with 204 and no body. */
export function noContent(): Response {
  return new Response(null, { status: 204, headers: { "cache-control": "no-store" } });
}

/** Returns the path of the request as its client sees it, including the prefixes that mounted apps remove. */
export function requestPathOf(event: H3Event): string {
  return new URL(event.req.url).pathname;
}
