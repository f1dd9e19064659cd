import type { QuicpipeErrorCode } from "../../errors.ts";
import type { SchemaName } from "./schemas.ts";
import { problemKinds } from "../http/problem.ts";

/** Error codes of an operation. */
type Codes = readonly QuicpipeErrorCode[];

/** Codes of every request. */
export const always: Codes = ["ERR_QUICPIPE_CLOSED", "ERR_QUICPIPE_INTERNAL"];
/** Codes of requests that need a token. */
export const authenticated: Codes = [
  ...always,
  "ERR_QUICPIPE_TOKEN_MISSING",
  "ERR_QUICPIPE_TOKEN_INVALID",
  "ERR_QUICPIPE_TOKEN_EXPIRED",
  "ERR_QUICPIPE_TOKEN_UNSIGNED",
  "ERR_QUICPIPE_TOKEN_AUDIENCE",
  "ERR_QUICPIPE_SCOPE_MISSING",
  "ERR_QUICPIPE_JWKS_UNAVAILABLE",
];
/** Codes of requests other than `GET`. */
export const changing: Codes = [
  ...authenticated,
  "ERR_QUICPIPE_ORIGIN_FORBIDDEN",
  "ERR_QUICPIPE_EARLY_DATA",
  "ERR_QUICPIPE_RATE_LIMITED",
];
/** Codes of requests with a body. */
export const withBody: Codes = [...changing, "ERR_QUICPIPE_BODY_TOO_LARGE", "ERR_QUICPIPE_BODY_INVALID"];

/** Returns the security requirement of an operation: a token with one of these scopes. */
export function needs(...scopes: readonly string[]): { token: string[] }[] {
  return scopes.map((scope) => ({ token: [scope] }));
}

/** Returns the content of a JSON body. */
export function jsonContent(schema: SchemaName): Record<string, unknown> {
  return { "application/json": { schema: { $ref: `#/components/schemas/${schema}` } } };
}

/** Returns a JSON request body. */
export function jsonBody(schema: SchemaName): Record<string, unknown> {
  return { required: true, content: jsonContent(schema) };
}

/** Returns a JSON response. */
export function jsonAnswer(schema: SchemaName, description: string): Record<string, unknown> {
  return { description, content: jsonContent(schema) };
}

/** Returns one response per status of the codes. Each lists the codes that it may carry. */
export function problems(codes: Codes): Record<string, unknown> {
  const byStatus = Map.groupBy(codes, (code) => problemKinds[code]!.status);
  return Object.fromEntries([...byStatus].map(([status, own]) => [status, problemAnswer(status, own)]));
}

function problemAnswer(status: number, codes: Codes): Record<string, unknown> {
  const waits = status === 429 || status === 503;
  const retryAfter = { "Retry-After": { description: "Seconds.", schema: { type: "integer" } } };
  return {
    description: codes.map((code) => problemKinds[code]!.title).join("; "),
    ...(waits && { headers: retryAfter }),
    content: {
      "application/problem+json": {
        schema: {
          allOf: [{ $ref: "#/components/schemas/Problem" }, { properties: { code: { enum: codes } } }],
        },
      },
    },
  };
}
