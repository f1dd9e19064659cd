import type { H3Event } from "h3";
import { type QuicpipeErrorCode, tokenRefusals } from "../../errors.ts";
import { paths } from "../../protocol.ts";
import { requestPathOf } from "../http/exchange.ts";
import { problemKinds } from "../http/problem.ts";
import type { DescribedRoute } from "./route.ts";
import { openApiSchemas } from "./schemas.ts";

/** The text for the most recent base path. It takes a while to build, and clients without a token may request it at any rate. */
let last: { readonly basePath: string; readonly text: string } | undefined;

/** Answers with the OpenAPI description of routes, with the base path that the client sees as its server. */
export function answerOpenApi(event: H3Event, routes: readonly DescribedRoute[]): Response {
  const basePath = requestPathOf(event).slice(0, -paths.openapi.length);
  if (last?.basePath !== basePath)
    last = { basePath, text: JSON.stringify(openApiDocument(basePath, routes)) };
  return new Response(last.text, { headers: { "content-type": "application/json" } });
}

/** The OpenAPI 3.1 description of routes below `basePath`. */
export function openApiDocument(
  basePath: string,
  routes: readonly DescribedRoute[],
): Readonly<Record<string, unknown>> {
  const byPath = Map.groupBy(routes, ({ path }) => path);
  return {
    openapi: "3.1.0",
    info: {
      title: "quicpipe relay",
      version: "1",
      summary: "Registers QUIC connection IDs and passes on the first packets of a connection.",
      description:
        "docs/protocol.md describes what the peers do with it. `HEAD` works wherever `GET` does, and `OPTIONS` names the methods of a path. Every error is a problem (RFC 9457); docs/errors.md explains the codes.",
    },
    servers: [{ url: basePath || "/" }],
    paths: Object.fromEntries([...byPath].map(([path, own]) => [path, pathItem(path, own)])),
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer", bearerFormat: "JWT" } },
      schemas: openApiSchemas,
    },
  };
}

function pathItem(path: string, routes: readonly DescribedRoute[]): Record<string, unknown> {
  const parameters = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => pathParameter(name!));
  const methods = routes.map((route) => [route.method.toLowerCase(), methodItem(route)]);
  return { ...(parameters.length > 0 && { parameters }), ...Object.fromEntries(methods) };
}

function pathParameter(name: string): Record<string, unknown> {
  const isRecipient = name === "recipient";
  return {
    name,
    in: "path",
    required: true,
    ...(isRecipient && {
      description:
        "The recipient's name (the `sub` of its token), one percent-encoded segment of at most 256 bytes.",
    }),
    schema: { type: "string", ...(isRecipient && { minLength: 1 }) },
  };
}

function methodItem(route: DescribedRoute): Record<string, unknown> {
  const { codes = [], answers, ...operation } = route.operation;
  return {
    ...operation,
    security: [route.scope, route.orScope].flatMap((scope) => (scope ? { token: [scope] } : [])),
    responses: { ...answers, ...problems([...commonCodes(route), ...codes]) },
  };
}

type Codes = readonly QuicpipeErrorCode[];

/** Codes of requests that need a token. */
const authenticated: Codes = [...tokenRefusals, "ERR_QUICPIPE_JWKS_UNAVAILABLE"];
const changing: Codes = [
  "ERR_QUICPIPE_ORIGIN_FORBIDDEN",
  "ERR_QUICPIPE_EARLY_DATA",
  "ERR_QUICPIPE_RATE_LIMITED",
];
const withBody: Codes = [
  "ERR_QUICPIPE_BODY_TOO_LARGE",
  "ERR_QUICPIPE_BODY_INVALID",
  "ERR_QUICPIPE_CONTENT_TYPE_UNSUPPORTED",
];

/** Returns the codes that a route shares with others of its kind. */
function commonCodes({ method, scope, operation }: DescribedRoute): Codes {
  return [
    "ERR_QUICPIPE_CLOSED",
    "ERR_QUICPIPE_INTERNAL",
    ...(scope === null ? [] : authenticated),
    ...(method === "GET" ? [] : changing),
    ...(operation.requestBody ? withBody : []),
  ];
}

/** Returns one response per status of the codes. Each lists the codes that it may carry. */
function problems(codes: Codes): Record<string, unknown> {
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
