import type { H3Event } from "h3";

/** Answers with JSON. Nothing of the interface may be kept by a cache: it is private and soon untrue. */
export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return Response.json(body, { status, headers: { "cache-control": "no-store", ...headers } });
}

/** Answers that it is done, with nothing to say. */
export function noContent(): Response {
  return new Response(null, { status: 204, headers: { "cache-control": "no-store" } });
}

/** The path of the request as its client knows it, whatever apps it is mounted in have cut off since. */
export function requestPathOf(event: H3Event): string {
  return new URL(event.req.url).pathname;
}
