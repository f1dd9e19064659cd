import type { H3Event } from "h3";
import { type AssetFile, consolePage, openAsset, signInPage } from "../../console/index.ts";
import type { QuicpipeError } from "../../errors.ts";
import { problemResponse } from "../http/problem.ts";
import { requestPathOf } from "../http/exchange.ts";
import type { ApiRequest } from "../routes/route.ts";

/** Answers with the page of the console. */
export function answerPage({ event }: ApiRequest): Response {
  return html(consolePage(lastSegmentOf(requestPathOf(event))), 200);
}

/** Leads to the path without a slash at its end, which the links of the page are relative to. */
export function answerSlash({ event }: ApiRequest): Response {
  return redirect(308, `../${lastSegmentOf(requestPathOf(event).slice(0, -1))}`);
}

/** Answers with a file, or, to a browser that has it already, that it is still the same. */
export function answerAsset(file: AssetFile, { event }: ApiRequest): Response {
  const { body, mediaType, etag } = openAsset(file);
  const headers = { "content-type": mediaType, "cache-control": "private, no-cache", etag };
  const isKnown = event.req.headers.get("if-none-match") === etag;
  return isKnown ? new Response(null, { status: 304, headers }) : new Response(body, { headers });
}

/** Refuses the page with one that asks for a token. Who comes without any is not told of an error. */
export function refusePage(problem: QuicpipeError, event: H3Event): Response {
  const complaint = problem.code === "ERR_QUICPIPE_TOKEN_MISSING" ? undefined : problem.message;
  return refusal(problem, signInPage(lastSegmentOf(requestPathOf(event)), complaint));
}

/** Refuses a token that was to sign in, with the page that asks for another one. */
export function refuseSignIn(problem: QuicpipeError, event: H3Event): Response {
  return refusal(problem, signInPage(`../${lastSegmentOf(consolePathOf(event))}`, problem.message));
}

/** The console's own path as the browser knows it, from a request for its session. */
export function consolePathOf(event: H3Event): string {
  return requestPathOf(event).slice(0, -"/session".length);
}

/** Leads from the console's session to the console. */
export function redirectToConsole(event: H3Event): Response {
  return redirect(303, `../${lastSegmentOf(consolePathOf(event))}`);
}

/** A problem's status and headers, with a page in place of its details. */
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
