import type { FieldMap } from "./request-head.ts";

/** Statuses whose responses have no body (Fetch, "null body status"). */
const withoutBody = new Set([101, 103, 204, 205, 304]);

/** Returns the header fields of a response, repeated ones as a list (`set-cookie`). */
export function responseFields({ status, headers }: Response): Record<string, string | string[]> {
  const fields: Record<string, string | string[]> = { ":status": String(status) };
  for (const [name, value] of headers) {
    const before = fields[name];
    fields[name] = before === undefined ? value : [before, value].flat();
  }
  return fields;
}

/** Reports whether a response to this method has a body to send. */
export function hasBody(response: Response, method: string | undefined): boolean {
  return method !== "HEAD" && !withoutBody.has(response.status) && response.body !== null;
}

/** Returns a short text response for a request that failed. */
export function plainResponse(status: number, why: string, fields: FieldMap = {}): Response {
  const body = Buffer.from(`${why}\n`);
  const headers = new Headers({
    "content-type": "text/plain; charset=utf-8",
    // What GET would get, for HEAD as well (RFC 9110 §8.6).
    "content-length": String(body.length),
    "cache-control": "no-store",
  });
  for (const [name, value] of Object.entries(fields)) headers.set(name, String(value));
  return new Response(body, { status, headers });
}
