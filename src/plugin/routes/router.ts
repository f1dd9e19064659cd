import type { H3Event } from "h3";
import { QuicpipeError } from "../../errors.ts";
import { clientProofOf } from "../http/client-address.ts";
import { type Identity, requireScope } from "../auth/identity.ts";
import type { RequestSpanName } from "../../telemetry/index.ts";
import type { Route, RouteFamily, TracedRequest } from "./route.ts";
import type { Service } from "../service.ts";

/** Returns a request's path below the root of a family, if it lies in the family's territory. */
export function pathIn(
  { territory }: RouteFamily,
  root: string | undefined,
  pathname: string,
): string | undefined {
  if (root === undefined || !pathname.startsWith(root)) return undefined;
  const path = pathname.slice(root.length);
  return territory.some((region) => holds(region, path)) ? path : undefined;
}

function holds(region: string, path: string): boolean {
  if (!region.endsWith("/**")) return path === region;
  const top = region.slice(0, -"/**".length);
  return path === top || path.startsWith(`${top}/`);
}

/**
 * Answers a request for a path of a family.
 *
 * @throws every code of `problemKinds`
 */
export async function answer(
  family: RouteFamily,
  event: H3Event,
  path: string,
  service: Service,
): Promise<Response> {
  const matches = family.routes.flatMap((route) => matchOf(route, path) ?? []);
  if (matches.length === 0)
    throw new QuicpipeError("ERR_QUICPIPE_NOT_FOUND", "there is nothing at this path");
  const { method, headers } = event.req;
  const allow = allowedBy(matches.map((match) => match.route.method));
  if (method === "OPTIONS") return new Response(null, { status: 204, headers: { allow } });
  const match = matches.find(({ route }) => route.method === (method === "HEAD" ? "GET" : method));
  if (!match)
    throw new QuicpipeError(
      "ERR_QUICPIPE_METHOD_NOT_ALLOWED",
      `${method} is not allowed here, but ${allow}`,
      {
        details: { allow },
      },
    );
  const { route, params } = match;
  // RFC 8470 §5: early data may be replayed, and its source address is not proven.
  if (method !== "GET" && headers.get("early-data") === "1")
    throw new QuicpipeError("ERR_QUICPIPE_EARLY_DATA", "send this again after the TLS handshake");
  const proof = clientProofOf(event, service);
  const identity = await admit(family, route, event, service);
  const response = await route.handle({
    event,
    identity,
    service,
    proof,
    param: (name) => params.get(name)!,
    optionalParam: (name) => params.get(name),
  });
  if (method !== "HEAD") return response;
  await response.body?.cancel();
  return new Response(null, response);
}

/** Wraps a route's handler in a span. Requests that fail authentication produce no span. */
export function traced(
  name: RequestSpanName,
  handle: (request: TracedRequest) => Promise<Response>,
): Route["handle"] {
  return (request) =>
    request.service.telemetry.request(name, request.event.req.headers, (trace) =>
      handle({ ...request, trace }),
    );
}

async function admit(family: RouteFamily, route: Route, event: H3Event, service: Service): Promise<Identity> {
  if (route.scope === null) return noIdentity;
  const identity = await family.identify(event, service);
  requireScope(identity, route.scope, route.orScope);
  if (route.method !== "GET") chargeRequests(identity, service);
  return identity;
}

/** Counts requests of a caller to its account. @throws ERR_QUICPIPE_RATE_LIMITED */
export function chargeRequests(
  { invitation, subject, account }: Identity,
  { rateLimiter, guestLimiter }: Pick<Service, "rateLimiter" | "guestLimiter">,
  requests = 1,
): void {
  if (invitation !== undefined) guestLimiter.take(subject, requests);
  rateLimiter.take(account, requests);
}

/** Placeholder identity for routes without a token. */
const noIdentity: Identity = {
  subject: "",
  scopes: new Set(),
  quota: { maxRegistrations: 0, maxCids: 0, bytesPerSecond: 0, maxTtlMs: 0 },
  peers: new Set(),
  limited: true,
  account: "",
  expiresAtMs: 0,
};

interface Match {
  readonly route: Route;
  readonly params: ReadonlyMap<string, string>;
}

function matchOf(route: Route, path: string): Match | undefined {
  const expected = route.path.split("/");
  const actual = path.split("/");
  if (expected.length !== actual.length) return undefined;
  const params = new Map<string, string>();
  for (const [index, part] of expected.entries()) {
    const segment = actual[index]!;
    if (part === segment) continue;
    const value = part.startsWith("{") ? decodeSegment(segment) : undefined;
    if (!value) return undefined;
    params.set(part.slice(1, -1), value);
  }
  return { route, params };
}

/** Percent-decodes a segment; `undefined` if it is not percent-encoded UTF-8. */
function decodeSegment(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

function allowedBy(methods: readonly string[]): string {
  return [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"].join(", ");
}
