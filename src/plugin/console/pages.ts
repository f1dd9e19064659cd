import type { H3Event } from "h3";
import { type AssetFile, consolePage, openAsset, signInPage, tokenOfCookie } from "../../console/index.ts";
import type { QuicpipeError } from "../../errors.ts";
import { bearerTokenOf } from "../auth/identity.ts";
import { problemKinds, problemResponse } from "../http/problem.ts";
import { requestPathOf } from "../http/exchange.ts";
import type { ApiRequest } from "../routes/route.ts";

/** Answers with the console page. */
export function answerPage({ event }: ApiRequest): Response {
  return html(consolePage(lastSegmentOf(requestPathOf(event))), 200);
}

/** Redirects to the path without its trailing slash, which the page's links are relative to. */
export function answerSlash({ event }: ApiRequest): Response {
  return redirect(308, `../${lastSegmentOf(requestPathOf(event).slice(0, -1))}`);
}

/** Answers with a file, or with 304 if the browser has its current version. */
export function answerAsset(file: AssetFile, { event }: ApiRequest): Response {
  const { body, mediaType, etag } = openAsset(file);
  const headers = { "content-type": mediaType, "cache-control": "private, no-cache", etag };
  const isKnown = event.req.headers.get("if-none-match") === etag;
  return isKnown ? new Response(null, { status: 304, headers }) : new Response(body, { headers });
}

/** Refuses the console page with the sign-in page. Without an attempt to sign in it does not mention a token. */
export function refusePage(problem: QuicpipeError, event: H3Event): Response {
  const { headers } = event.req;
  const hasToken = (bearerTokenOf(headers) ?? tokenOfCookie(headers.get("cookie"))) !== undefined;
  const { status } = problemKinds[problem.code]!;
  const isOfToken = status === 401 || status === 403;
  const complaint = isOfToken && !hasToken ? undefined : problem.message;
  return refusal(problem, signInPage(lastSegmentOf(requestPathOf(event)), complaint));
}

/** Refuses a token submitted for sign-in, with the sign-in page. */
export function refuseSignIn(problem: QuicpipeError, event: H3Event): Response {
  return refusal(problem, signInPage(`../${lastSegmentOf(consolePathOf(event))}`, problem.message));
}

/** Returns the console's URL path as the browser sees it, from a request to sign in or out. */
export function consolePathOf(event: H3Event): string {
  return requestPathOf(event).slice(0, -"/session".length);
}

/** Redirects from the route for signing in and out to the console. */
export function redirectToConsole(event: H3Event): Response {
  return redirect(303, `../${lastSegmentOf(consolePathOf(event))}`);
}

/** Returns a response with a problem's status and headers, and a page instead of its details. */
function refusal(problem: QuicpipeError, page: string): Response {
  const { status, headers } = problemResponse(problem);
  const response = html(page, status);
  for (const [name, value] of headers) if (name !== "content-type") response.headers.set(name, value);
  return response;
}

function lastSegmentOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function html(body: string, status: number): Response {
  const headers = { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" };
  return new Response(body, { status, headers });
}

function redirect(status: 303 | 308, location: string): Response {
  return new Response(null, { status, headers: { location, "cache-control": "no-store" } });
}
