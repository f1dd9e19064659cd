import * as defaults from "../../defaults/index.ts";
import { isQuicpipeError, QuicpipeError } from "../../errors.ts";
import {
  type InvitationRequest,
  type InvitationResponse,
  isName,
  type MailboxListResponse,
  type MailboxRefuseRequest,
  type MailboxSendRequest,
  type MailboxSendResponse,
  type MailboxTakeRequest,
  type MailboxTakeResponse,
  maxNameBytes,
  paths,
  type RegisterRequest,
  type RegisterResponse,
  type RefusalReason,
  type SentMessage,
  type StatsOrder,
  type WaitingMessage,
} from "../../protocol.ts";
import type { HttpRequest, HttpResponse } from "../http/http.ts";
import type { PeerSettings } from "../options.ts";
import { requireMessages } from "./answer.ts";
import { parseJson, refusalOf } from "./error.ts";
import type { RelayHttp } from "./http.ts";

/** Options of a {@link RelayClient}. */
export interface RelayClientOptions extends Pick<
  PeerSettings,
  "token" | "authority" | "basePath" | "requestTimeoutMs"
> {
  readonly http: Pick<RelayHttp, "request">;
  /** Called when the relay refuses a request because it is shutting down. */
  readonly onDraining?: () => void;
  /** Headers of every request besides its own. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * The relay's HTTP interface as typed calls. Each throws the relay's own code if it is a known one,
 * ERR_QUICPIPE_RELAY_REFUSED if not, and ERR_QUICPIPE_RELAY_UNREACHABLE without a response.
 */
export class RelayClient {
  readonly #options: RelayClientOptions;
  readonly #findings: Findings;

  /** @param findings what another client knows of the relay; shared with it. */
  constructor(options: RelayClientOptions, findings: Findings = { registersWith: undefined }) {
    this.#options = options;
    this.#findings = findings;
  }

  /** Returns a client that adds these headers to every request. */
  withHeaders(headers: Readonly<Record<string, string>>): RelayClient {
    return new RelayClient({ ...this.#options, headers }, this.#findings);
  }

  /** Whether the relay registers with a message or a take; older ones do by `POST /v1/register` only. `undefined` if unknown. */
  get registersWith(): boolean | undefined {
    return this.#findings.registersWith;
  }

  /** Notes whether the relay does. */
  noteRegistersWith(does: boolean): void {
    this.#findings.registersWith = does;
  }

  /** Registers a key, or refreshes its registration. */
  register(request: RegisterRequest): Promise<RegisterResponse> {
    return this.#call("POST", paths.register, { body: request });
  }

  /** Ends a registration. One that is already gone is no error. */
  async endRegistration(id: string): Promise<void> {
    const path = `${paths.registrations}/${encodeURIComponent(id)}`;
    await this.#call("DELETE", path, { accept: ["ERR_QUICPIPE_REGISTRATION_NOT_FOUND"] });
  }

  /** Leaves a first flight for `recipient`. @throws also ERR_QUICPIPE_RECIPIENT_INVALID for an invalid name. */
  async send(recipient: string, request: MailboxSendRequest): Promise<MailboxSendResponse> {
    requireName(recipient);
    return await this.#call("POST", `${paths.mailbox}/${encodeURIComponent(recipient)}`, {
      body: request,
      // The relay knows the message again by its registration. An older one would have it twice.
      isIdempotent: request.register !== undefined && this.registersWith === true,
    });
  }

  /** Returns the state of a message that was sent. */
  sentMessage(id: string): Promise<SentMessage> {
    return this.#call("GET", messagePath(id));
  }

  /** Recalls a message. One that is already gone is no error. */
  async recall(id: string): Promise<void> {
    const accept = ["ERR_QUICPIPE_MESSAGE_NOT_FOUND", "ERR_QUICPIPE_MESSAGE_TAKEN"];
    await this.#call("DELETE", messagePath(id), { accept });
  }

  /** Returns the messages that wait for this peer. Waits up to `waitSeconds`, if any, for the first one (RFC 7240 §4.3). */
  async waiting(waitSeconds: number, signal: AbortSignal): Promise<readonly WaitingMessage[]> {
    const list: Partial<MailboxListResponse> | undefined = await this.#call("GET", paths.messages, {
      ...(waitSeconds > 0 && {
        headers: { prefer: `wait=${waitSeconds}` },
        waitMs: waitSeconds * 1000,
      }),
      signal,
    });
    return requireMessages(list?.messages);
  }

  /** Makes an invitation. @throws ERR_QUICPIPE_RELAY_REFUSED also where the relay makes none. */
  async invite(request: InvitationRequest): Promise<InvitationResponse> {
    try {
      return await this.#call("POST", paths.invitations, { body: request });
    } catch (error) {
      const isRefused = isQuicpipeError(error, "ERR_QUICPIPE_RELAY_REFUSED");
      throw isRefused && error.details.status === 404 ? noInvitations(error) : error;
    }
  }

  /** Revokes an invitation. One that is already gone is no error. */
  async revokeInvitation(id: string): Promise<void> {
    const path = `${paths.invitations}/${encodeURIComponent(id)}`;
    await this.#call("DELETE", path, { accept: ["ERR_QUICPIPE_INVITATION_NOT_FOUND"] });
  }

  /** Returns the relay's statistics and registrations. */
  stats({ limit, order }: StatsRequest): Promise<object> {
    return this.#call("GET", paths.stats, {
      query: `?limit=${limit}&order=${order}`,
      maxAnswerBytes: defaults.maxStatsBytes,
    });
  }

  /** Takes one message. Works only once. */
  take(id: string, request: MailboxTakeRequest): Promise<MailboxTakeResponse> {
    return this.#call("POST", `${messagePath(id)}/take`, { body: request });
  }

  /** Refuses one message. Reports whether the relay has told the sender: an older one, or one out of reach, has not. */
  async refuse(id: string, reason: RefusalReason): Promise<boolean> {
    const body: MailboxRefuseRequest = { reason };
    return await this.#call("POST", `${messagePath(id)}/refuse`, { body }).then(
      () => true,
      () => false,
    );
  }

  #noRelay(path: string): QuicpipeError {
    const { authority, basePath } = this.#options;
    return new QuicpipeError(
      "ERR_QUICPIPE_RELAY_REFUSED",
      `there is no relay at ${authority}${basePath}${path}: does the app use it (app.use(relay)), and is its basePath the URL's path (${basePath || "none"})?`,
      { details: { status: 404 } },
    );
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
      // A second request with the same key refreshes the registration.
      isIdempotent: call.isIdempotent ?? (method !== "POST" || path === paths.register),
    });
    const request = `${method} ${path}`;
    if (response.status >= 200 && response.status <= 299) return resultOf(response, request) as T;
    const refusal = refusalOf(response, request) ?? this.#noRelay(path);
    if (refusal.code === "ERR_QUICPIPE_DRAINING") this.#options.onDraining?.();
    if (call.accept?.includes(refusal.code)) return undefined as T;
    throw refusal;
  }
}

/** The registrations that an administrator asks for. */
export interface StatsRequest {
  /** Maximum number, 0 to 1000. */
  readonly limit: number;
  readonly order: StatsOrder;
}

/** What clients of one relay find out about it. */
interface Findings {
  registersWith: boolean | undefined;
}

/** The differences between calls. */
interface Call extends Partial<
  Pick<HttpRequest, "headers" | "waitMs" | "maxAnswerBytes" | "signal" | "isIdempotent">
> {
  /** Includes the question mark. Messages omit the query. */
  readonly query?: string;
  readonly body?: object;
  /** Refusals that count as success. */
  readonly accept?: readonly string[];
}

function resultOf(response: HttpResponse, request: string): unknown {
  if (response.body.length === 0) return undefined;
  const body = parseJson(response);
  if (typeof body === "object" && body !== null) return body;
  throw new QuicpipeError(
    "ERR_QUICPIPE_RELAY_REFUSED",
    `${request} was answered with something that is no JSON object: is a quicpipe relay there?`,
    { details: { status: response.status } },
  );
}

function noInvitations(cause: QuicpipeError<"ERR_QUICPIPE_RELAY_REFUSED">): QuicpipeError {
  return new QuicpipeError(
    "ERR_QUICPIPE_RELAY_REFUSED",
    "there is no relay that makes invitations: it is of a former version, or has them switched off; use names and pins in place of a ticket",
    { cause, details: cause.details },
  );
}

/** Refuses an invalid name, which would result in another path or none. */
function requireName(recipient: string): void {
  if (isName(recipient)) return;
  throw new QuicpipeError(
    "ERR_QUICPIPE_RECIPIENT_INVALID",
    `${JSON.stringify(recipient)} is no name of a peer: it has 1 to ${maxNameBytes} bytes and is not "." or ".."`,
  );
}

function messagePath(id: string): string {
  return `${paths.messages}/${encodeURIComponent(id)}`;
}
