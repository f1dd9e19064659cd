import { isQuicpipeError, QuicpipeError } from "../../errors.ts";
import { type Http3Lack, type HttpRequest, type HttpResponse, relayUnreachable } from "../http/http.ts";

/** A session as {@link RelayHttp} uses it. One that is not usable any more ends by itself, with its last request. */
export interface HttpSession {
  /** Whether new requests can be made. */
  readonly usable: boolean;
  /** Why it is not over HTTP/3; absent if it is, or was not meant to be. */
  readonly http3Lack?: Http3Lack | undefined;
  request(request: HttpRequest): Promise<HttpResponse>;
  close(): Promise<void>;
}

/**
 * Requests over one session at a time, which is opened on demand and reopened when it was lost. A request that met a
 * lost session is repeated once if the relay has not carried it out, or if it is idempotent.
 */
export class RelayHttp {
  readonly #open: (signal: AbortSignal) => Promise<HttpSession>;
  readonly #closing = new AbortController();
  #session: Promise<HttpSession> | undefined;
  #http3Lack: Http3Lack | undefined;

  /** @param open opens a session. Rejects if the signal aborts first. */
  constructor(open: (signal: AbortSignal) => Promise<HttpSession>) {
    this.#open = open;
  }

  /** Why the latest answer did not come over HTTP/3; `undefined` if it did, or was not meant to. */
  get http3Lack(): Http3Lack | undefined {
    return this.#http3Lack;
  }

  /** @throws ERR_QUICPIPE_RELAY_UNREACHABLE if no response comes in time or the session is lost. */
  async request(request: HttpRequest): Promise<HttpResponse> {
    const deadlineMs = performance.now() + request.timeoutMs;
    const isFirst = this.#session === undefined;
    try {
      return await this.#attempt(request);
    } catch (error) {
      const leftMs = deadlineMs - performance.now();
      if (
        this.#closing.signal.aborted ||
        request.signal?.aborted ||
        leftMs <= 0 ||
        // A request that opened the session itself has already waited as long as that takes.
        (isFirst && this.#session === undefined) ||
        !mayRepeat(error, request)
      )
        throw error;
      return await this.#attempt(request.waitMs ? request : { ...request, timeoutMs: leftMs });
    }
  }

  /** Ends the session, and resolves when that is done. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort();
    const session = await this.#session?.catch(() => undefined);
    await session?.close();
  }

  async #attempt(request: HttpRequest): Promise<HttpResponse> {
    if (this.#closing.signal.aborted)
      throw new QuicpipeError("ERR_QUICPIPE_CLOSED", "the peer was closed; bind another");
    const session = await this.#current();
    const ends = [this.#closing.signal, ...(request.signal ? [request.signal] : [])];
    const answer = await session.request({ ...request, signal: AbortSignal.any(ends) });
    this.#http3Lack = session.http3Lack;
    return answer;
  }

  /**
   * Returns the open session or the one being opened. Opens a new one if it has become unusable; no other after that, as a
   * relay may end each at once.
   */
  async #current(): Promise<HttpSession> {
    const known = this.#session && (await this.#usable(this.#session));
    const session = known ?? (await this.#usable((this.#session ??= this.#open(this.#closing.signal))));
    if (session) return session;
    throw relayUnreachable("it ended the HTTP session as soon as that was open; try again later", {
      sent: false,
    });
  }

  /** Returns a session once it is open, if it is usable then. Forgets it otherwise. */
  async #usable(opening: Promise<HttpSession>): Promise<HttpSession | undefined> {
    try {
      const session = await opening;
      if (session.usable) return session;
    } catch (error) {
      this.#forget(opening);
      throw error;
    }
    this.#forget(opening);
    return undefined;
  }

  #forget(session: Promise<HttpSession>): void {
    if (this.#session === session) this.#session = undefined;
  }
}

function mayRepeat(error: unknown, { isIdempotent }: HttpRequest): boolean {
  if (!isQuicpipeError(error, "ERR_QUICPIPE_RELAY_UNREACHABLE")) return false;
  return error.details["sent"] === false || isIdempotent;
}
