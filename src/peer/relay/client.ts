import * as defaults from "../../defaults/index.ts";
import { QuicpipeError } from "../../errors.ts";
import {
  isName,
  type MailboxListResponse,
  type MailboxSendRequest,
  type MailboxTakeRequest,
  type MailboxTakeResponse,
  maxNameBytes,
  paths,
  type RegisterRequest,
  type RegisterResponse,
  type SentMessage,
  type StatsOrder,
  type WaitingMessage,
} from "../../protocol.ts";
import type { Http, HttpRequest, HttpResponse } from "../http/http.ts";
import { requireMessages } from "./answer.ts";
import { parseJson, refusalOf } from "./error.ts";

/** How a {@link RelayClient} is made. */
export interface RelayClientOptions {
  readonly http: Http;
  /** The bearer token to use now; empty for a relay without authentication. */
  readonly token: () => Promise<string>;
  /** Path under which the relay serves its routes, without a slash at the end. */
  readonly basePath: string;
  /** How long an answer may take, in ms. */
  readonly requestTimeoutMs: number;
  /** What every request says beside its own headers. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * The relay's HTTP interface as typed calls. Each throws the relay's own code where it gives
 * one that is known, else ERR_QUICPIPE_RELAY_REFUSED, and ERR_QUICPIPE_RELAY_UNREACHABLE without an answer.
 */
export class RelayClient {
  readonly #options: RelayClientOptions;

  constructor(options: RelayClientOptions) {
    this.#options = options;
  }

  /** The same relay, to which every request says so much more. */
  withHeaders(headers: Readonly<Record<string, string>>): RelayClient {
    return new RelayClient({ ...this.#options, headers });
  }

  /** Registers or refreshes. */
  register(request: RegisterRequest): Promise<RegisterResponse> {
    return this.#call("POST", paths.register, { body: request });
  }

  /** Ends a registration; one that is gone already is fine. */
  async endRegistration(id: string): Promise<void> {
    const path = `${paths.register}/${encodeURIComponent(id)}`;
    await this.#call("DELETE", path, { accept: ["ERR_QUICPIPE_REGISTRATION_NOT_FOUND"] });
  }

  /** Leaves a first flight for `recipient`. @throws also ERR_QUICPIPE_RECIPIENT_INVALID for what can be nobody's name */
  async send(recipient: string, request: MailboxSendRequest): Promise<SentMessage> {
    requireName(recipient);
    return await this.#call("POST", `${paths.mailbox}/${encodeURIComponent(recipient)}`, { body: request });
  }

  /** What became of a message that was sent. */
  sentMessage(recipient: string, id: string): Promise<SentMessage> {
    return this.#call("GET", messagePath(recipient, id));
  }

  /** Takes a message back; one that is gone already is fine. */
  async recall(recipient: string, id: string): Promise<void> {
    const accept = ["ERR_QUICPIPE_MESSAGE_NOT_FOUND", "ERR_QUICPIPE_MESSAGE_TAKEN"];
    await this.#call("DELETE", messagePath(recipient, id), { accept });
  }

  /** What waits for this peer; waits `waitSeconds` for something to come (RFC 7240 §4.3). */
  async waiting(waitSeconds: number, signal: AbortSignal): Promise<readonly WaitingMessage[]> {
    const list: Partial<MailboxListResponse> | undefined = await this.#call("GET", paths.mailbox, {
      headers: { prefer: `wait=${waitSeconds}` },
      waitMs: waitSeconds * 1000,
      signal,
    });
    return requireMessages(list?.messages);
  }

  /** What the relay does, and its registrations. */
  stats({ limit, order }: StatsRequest): Promise<object> {
    return this.#call("GET", paths.stats, {
      query: `?limit=${limit}&order=${order}`,
      maxAnswerBytes: defaults.maxStatsBytes,
    });
  }

  /** Takes one message; only once. */
  take(id: string, request: MailboxTakeRequest): Promise<MailboxTakeResponse> {
    return this.#call("POST", `${paths.mailbox}/${encodeURIComponent(id)}/take`, { body: request });
  }

  async #call<T>(method: HttpRequest["method"], path: string, call: Call = {}): Promise<T> {
    const token = await this.#options.token();
    const response = await this.#options.http.request({
      method,
      path: this.#options.basePath + path + (call.query ?? ""),
      headers: {
        accept: "application/json",
        ...(token && { authorization: `Bearer ${token}` }),
        ...(call.body !== undefined && { "content-type": "application/json" }),
        ...this.#options.headers,
        ...call.headers,
      },
      body: call.body === undefined ? undefined : Buffer.from(JSON.stringify(call.body)),
      timeoutMs: this.#options.requestTimeoutMs + (call.waitMs ?? 0),
      waitMs: call.waitMs,
      maxAnswerBytes: call.maxAnswerBytes,
      signal: call.signal,
      // A registration is made once for each key: the second time it is refreshed.
      isIdempotent: method !== "POST" || path === paths.register,
    });
    return resultOf(response, `${method} ${path}`, call.accept ?? []) as T;
  }
}

/** Which registrations an administrator asks for. */
export interface StatsRequest {
  /** How many at most, 0 to 1000. */
  readonly limit: number;
  readonly order: StatsOrder;
}

/** What differs between calls. */
interface Call {
  /** With its question mark; not part of what messages name. */
  readonly query?: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  /** How much longer than other requests this one may take, in ms. */
  readonly waitMs?: number;
  /** How long the answer may be. */
  readonly maxAnswerBytes?: number;
  readonly signal?: AbortSignal;
  /** Refusals that are as good as success. */
  readonly accept?: readonly string[];
}

function resultOf(response: HttpResponse, request: string, accept: readonly string[]): unknown {
  if (response.status < 200 || response.status > 299) {
    const refusal = refusalOf(response, request);
    if (accept.includes(refusal.code)) return undefined;
    throw refusal;
  }
  if (response.body.length === 0) return undefined;
  const body = parseJson(response);
  if (typeof body === "object" && body !== null) return body;
  throw new QuicpipeError(
    "ERR_QUICPIPE_RELAY_REFUSED",
    `${request} was answered with something that is no JSON object: is a quicpipe relay there?`,
    { details: { status: response.status } },
  );
}

/** Of what is no name another path would come out, or none. */
function requireName(recipient: string): void {
  if (isName(recipient)) return;
  throw new QuicpipeError(
    "ERR_QUICPIPE_RECIPIENT_INVALID",
    `${JSON.stringify(recipient)} is no name of a peer: it has 1 to ${maxNameBytes} bytes and is not "." or ".."`,
  );
}

function messagePath(recipient: string, id: string): string {
  return `${paths.mailbox}/${encodeURIComponent(recipient)}/${encodeURIComponent(id)}`;
}
