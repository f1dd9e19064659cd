import { H3, serve } from "h3";
import { onTestFinished } from "vitest";
import type { QuicpipeOptions, Relay } from "../../../src/index.ts";
import { createRelay } from "./relay.ts";
import type {
  InvitationListResponse,
  InvitationResponse,
  MailboxListResponse,
  MailboxTakeResponse,
  Problem,
  RegisterListResponse,
  RegisterResponse,
  SentMessage,
} from "../../../src/protocol.ts";
import { problemKinds } from "../../../src/plugin/http/problem.ts";
import { routes } from "../../../src/plugin/routes/api.ts";
import { openApiDocument } from "../../../src/plugin/routes/openapi.ts";

/** A relay in an h3 app on HTTP/1.1. */
export interface RelayApp {
  readonly relay: Relay;
  readonly app: H3;
  readonly url: string;
}

/** How {@link serveRelay} serves. */
export interface ServeOptions {
  /** Whether the relay listens; `true` if absent. */
  readonly listen?: boolean;
  /** Puts the relay into the app; at its root if absent. */
  readonly mount?: (app: H3, relay: Relay) => void;
}

function useRelay(app: H3, relay: Relay): void {
  app.use(relay);
}

/** Puts the relay into the app behind a middleware that spoils requests, so that the relay fails. */
export function useSpoiled(app: H3, relay: Relay): void {
  app.use(({ req }) => void Object.defineProperty(req, "headers", { value: null })).use(relay);
}

/** Serves a relay in an app, both closed when the test ends. */
export async function serveRelay(
  options: QuicpipeOptions = {},
  { listen = true, mount = useRelay }: ServeOptions = {},
): Promise<RelayApp> {
  const relay = createRelay(options);
  const app = new H3({ silent: true });
  mount(app, relay);
  app.get("/hello", () => "hello from the app");
  const server = serve(app, { port: 0, hostname: "127.0.0.1", silent: true });
  onTestFinished(() => server.close(true));
  await server.ready();
  if (listen) await relay.listen();
  return { relay, app, url: server.url!.replace(/\/$/, "") };
}

/** All members that some answer has; each test looks for those it expects. */
export type AnswerBody = RegisterResponse &
  RegisterListResponse &
  SentMessage &
  MailboxListResponse &
  MailboxTakeResponse &
  InvitationResponse &
  InvitationListResponse &
  Problem & { readonly openapi: string; readonly servers: unknown };

/** An answer of the relay; `body` is the text parsed as JSON, if it is any. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: AnswerBody;
}

/** What to send beside method and URL. */
export interface CallOptions {
  readonly token?: string | undefined;
  readonly headers?: Record<string, string>;
  /** Sent as JSON unless it is text or bytes; without a content type, unless `headers` has one. */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** Sends a request and reads the answer, which must be one that the OpenAPI description knows. */
export async function call(method: string, url: string, options: CallOptions = {}): Promise<Answer> {
  const { token, headers = {}, body: sent, signal } = options;
  const isRaw = typeof sent === "string" || sent instanceof Uint8Array;
  const response = await fetch(url, {
    method,
    headers: { ...(token && { authorization: `Bearer ${token}` }), ...headers },
    ...(sent !== undefined && { body: Buffer.from(isRaw ? sent : JSON.stringify(sent)) }),
    ...(signal && { signal }),
  });
  const text = await response.text();
  const isJson = text !== "" && /json/.test(response.headers.get("content-type") ?? "");
  const body = (isJson ? JSON.parse(text) : {}) as AnswerBody;
  const answer = { status: response.status, headers: response.headers, text, body };
  if (isJson && answer.status >= 400) requireProblem(answer);
  requireDocumented(method, new URL(url).pathname, answer);
  return answer;
}

function requireProblem({ status, body }: Answer): void {
  const { type, title, detail, code } = body;
  const known = Object.entries(problemKinds).find(([name]) => name === code)?.[1];
  const consistent =
    known?.status === status &&
    body.status === status &&
    title === known.title &&
    type.endsWith(`docs/errors.md#${code.toLowerCase()}`) &&
    detail.length > 0;
  if (!consistent) throw new TypeError(`not a problem as documented: ${JSON.stringify(body)}`);
}

const document = openApiDocument("", routes) as {
  paths: Record<string, Record<string, { responses: Record<string, unknown> } | undefined>>;
};

/** Fails for a status or code that the description does not name for the operation. */
function requireDocumented(method: string, pathname: string, { status, body }: Answer): void {
  const path = pathname.slice(Math.max(0, pathname.indexOf("/v1/")));
  const operations = Object.entries(document.paths).filter(([template]) =>
    new RegExp(`^${template.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(path),
  );
  const operation = operations.map(([, item]) => item[method.toLowerCase()]).find(Boolean);
  if (!operation) return;
  const response = operation.responses[status];
  const code = status >= 400 ? body.code : undefined;
  if (!response || (code && !JSON.stringify(response).includes(`"${code}"`)))
    throw new TypeError(
      `${method} ${path} answered ${status} ${code}, which is not in the OpenAPI description`,
    );
}
