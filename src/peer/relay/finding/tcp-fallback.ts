import * as defaults from "../../../defaults/index.ts";
import { isQuicpipeError } from "../../../errors.ts";
import type { Http3Lack, HttpRequest, HttpResponse } from "../../http/http.ts";
import { pause } from "../../time/pause.ts";
import { isOfRelay, isWithoutRelay } from "../error.ts";
import type { HttpSession } from "../http.ts";

/** How to open sessions to a relay. */
export interface Openers {
  /** Opens one over HTTP/3. Rejects if the signal aborts first. */
  readonly openHttp3: (signal: AbortSignal) => Promise<HttpSession>;
  /** Opens one over TCP, with the same trust in the certificate; `undefined` if no relay answers there until the signal aborts. */
  readonly openTcp: (why: Http3Lack, signal: AbortSignal) => Promise<HttpSession | undefined>;
  /** Time limit, in ms. */
  readonly timeoutMs: number;
  /** How long HTTP/3 may be silent before TCP is tried, and again before that is taken, in ms. */
  readonly headStartMs: () => number;
}

/** How HTTP/3 ended: with a session or an error. */
type Outcome = { readonly session: HttpSession } | { readonly error: unknown };

/**
 * Opens a session over HTTP/3, or over TCP where HTTP/3 is not to be had: it fails, has been silent for two head starts, or does not
 * know the relay's routes. A certificate that is not trusted ends the search, as TCP would have the same.
 *
 * @throws what HTTP/3 has failed with, if no relay answers over TCP either.
 */
export async function openSession(openers: Openers, closing: AbortSignal): Promise<HttpSession> {
  const choice = new AbortController();
  const signal = AbortSignal.any([closing, choice.signal]);
  const http3 = openers.openHttp3(signal).then(
    (session) => ({ session }),
    (error: unknown) => ({ error }),
  );
  try {
    const session = await choose(openers, http3, signal);
    if (session) return session;
  } finally {
    choice.abort();
  }
  const outcome = await http3;
  if ("error" in outcome) throw outcome.error;
  return new JudgedSession(outcome.session, openers, closing);
}

/** Returns a session over TCP; `undefined` if HTTP/3 has won, or both have failed. */
async function choose(
  { openTcp, timeoutMs, headStartMs }: Openers,
  http3: Promise<Outcome>,
  signal: AbortSignal,
): Promise<HttpSession | undefined> {
  const over = new AbortController();
  void http3.then((outcome) => "session" in outcome && over.abort());
  const searching = AbortSignal.any([signal, over.signal, AbortSignal.timeout(timeoutMs)]);
  const within = (ms: number): Promise<Outcome | void> => Promise.race([http3, pause(ms, signal)]);
  for (let outcome = await within(headStartMs()); mayFallBack(outcome) && !searching.aborted;) {
    const tcp = await openTcp("unavailable", searching);
    // HTTP/3 proves the socket's address, and comes up together with TCP where a relay is back.
    outcome = await within(tcp ? headStartMs() : defaults.relayRoundMs);
    if (tcp && mayFallBack(outcome)) {
      void http3.then((late) => ("session" in late ? late.session.close() : undefined));
      return tcp;
    }
    await tcp?.close();
    if (outcome) break;
  }
  return undefined;
}

/** Whether HTTP/3 was silent so far, or cannot be had here. */
function mayFallBack(outcome: Outcome | void): boolean {
  if (!outcome) return true;
  if ("session" in outcome) return false;
  const { error } = outcome;
  return isQuicpipeError(error, "ERR_QUICPIPE_RELAY_UNREACHABLE") && !error.details.untrusted;
}

/** A session over HTTP/3, until its first answer that comes from no relay: then one over TCP, if a relay answers there. */
class JudgedSession implements HttpSession {
  readonly #http3: HttpSession;
  readonly #openers: Openers;
  readonly #closing: AbortSignal;
  #opening: Promise<HttpSession | undefined> | undefined;
  #tcp: HttpSession | undefined;

  constructor(http3: HttpSession, openers: Openers, closing: AbortSignal) {
    this.#http3 = http3;
    this.#openers = openers;
    this.#closing = closing;
  }

  get usable(): boolean {
    return this.#inUse.usable;
  }

  get http3Lack(): Http3Lack | undefined {
    return this.#inUse.http3Lack;
  }

  async request(request: HttpRequest): Promise<HttpResponse> {
    const session = this.#inUse;
    const answer = await session.request(request);
    if (session === this.#tcp || !isWithoutRelay(answer)) return answer;
    const tcp = await this.#openTcp();
    // HTTP/3 has carried out nothing.
    return tcp ? await tcp.request(request) : answer;
  }

  async close(): Promise<void> {
    const tcp = await this.#opening;
    await Promise.all([this.#http3.close(), tcp?.close()]);
  }

  get #inUse(): HttpSession {
    return this.#tcp ?? this.#http3;
  }

  /** Requests that are under way share the attempt. The HTTP/3 session is left to its idle timeout, as it may have more of them. */
  async #openTcp(): Promise<HttpSession | undefined> {
    const { openTcp, timeoutMs } = this.#openers;
    const signal = AbortSignal.any([this.#closing, AbortSignal.timeout(timeoutMs)]);
    this.#opening ??= openTcp("not-found", signal);
    this.#tcp = await this.#opening;
    if (!this.#tcp) this.#opening = undefined;
    return this.#tcp;
  }
}

/** Asks a session for a path that a relay knows, without a token. */
export async function answersAsRelay(
  session: HttpSession,
  path: string,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const answer = await session.request({
      method: "GET",
      path,
      headers: { accept: "application/json" },
      timeoutMs: defaults.relayAttemptMs,
      isIdempotent: true,
      signal,
    });
    return isOfRelay(answer);
  } catch (error) {
    if (isQuicpipeError(error)) return false;
    throw error;
  }
}
