import type { H3Event } from "h3";
import { isSameOrigin, sessionCookie, tokenOfCookie } from "../../console/index.ts";
import * as defaults from "../../defaults/index.ts";
import { QuicpipeError } from "../../errors.ts";
import { scopes } from "../../protocol.ts";
import { clientSourceOf } from "../http/client-address.ts";
import { consolePathOf, redirectToConsole } from "./pages.ts";
import { type Identity, requireScope } from "../auth/identity.ts";
import { mediaTypeOf, noContent, readBytes, unsupported } from "../http/exchange.ts";
import type { ApiRequest } from "../routes/route.ts";
import type { Service } from "../service.ts";

/**
 * Identifies the console's user: by `Authorization`, or by the token in the cookie, which is verified in the same way on
 * each request. A request that changes state must come from the console's own pages.
 *
 * @throws the errors of {@link Service.authenticate}, and ERR_QUICPIPE_ORIGIN_FORBIDDEN
 */
export async function identifyUser(event: H3Event, service: Service): Promise<Identity> {
  const { method, headers } = event.req;
  if (method !== "GET" && method !== "HEAD") requireSameOrigin(event);
  const token = headers.has("authorization") ? undefined : tokenOfCookie(headers.get("cookie"));
  if (token !== undefined) return identifyByToken(token, event, service, headers);
  // An app that authenticates by itself may know its user by the rest of the request.
  return service.authenticate(event.req, () => clientSourceOf(event, service));
}

/**
 * Signs in with the token from the sign-in form. Answers with a cookie that keeps the token while it is valid.
 *
 * @throws as {@link identifyUser}, and ERR_QUICPIPE_SCOPE_MISSING, ERR_QUICPIPE_BODY_TOO_LARGE,
 *   ERR_QUICPIPE_CONTENT_TYPE_UNSUPPORTED
 */
export async function answerSignIn({ event, service }: ApiRequest): Promise<Response> {
  requireSameOrigin(event);
  const token = await readToken(event);
  const identity = await identifyByToken(token, event, service);
  requireScope(identity, scopes.admin);
  const lifeSeconds = (identity.expiresAtMs - service.now()) / 1000;
  const response = redirectToConsole(event);
  response.headers.set("set-cookie", sessionCookie(token, consolePathOf(event), lifeSeconds));
  return response;
}

/** Deletes the cookie. */
export function answerSignOut({ event }: ApiRequest): Response {
  const response = noContent();
  response.headers.set("set-cookie", sessionCookie("", consolePathOf(event), 0));
  return response;
}

/** Identifies the holder of a token, as if it were sent in `Authorization`. An empty token is a missing one. */
async function identifyByToken(
  token: string,
  event: H3Event,
  service: Service,
  others?: Headers,
): Promise<Identity> {
  // RFC 6750 §2.1. Other characters could split the header or cookie.
  if (!/^[\w.~+/-]*=*$/.test(token))
    throw new QuicpipeError("ERR_QUICPIPE_TOKEN_INVALID", "the token is not valid: it is no JWT");
  const headers = new Headers(others);
  if (token !== "") headers.set("authorization", `Bearer ${token}`);
  return service.authenticate(new Request(event.req.url, { headers }), () => clientSourceOf(event, service));
}

async function readToken(event: H3Event): Promise<string> {
  const form = "application/x-www-form-urlencoded";
  const mediaType = mediaTypeOf(event.req.headers);
  if (mediaType !== form) throw unsupported(mediaType, form);
  const body = await readBytes(event.req, "token=".length + defaults.maxCookieTokenBytes);
  return new URLSearchParams(Buffer.from(body).toString()).get("token")?.trim() ?? "";
}

function requireSameOrigin(event: H3Event): void {
  if (isSameOrigin(event.req.headers, event.url)) return;
  throw new QuicpipeError(
    "ERR_QUICPIPE_ORIGIN_FORBIDDEN",
    "the request does not come from a page of the console: open the console and do it there",
  );
}
