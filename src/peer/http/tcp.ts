import {
  Agent as PlainAgent,
  type IncomingMessage,
  request as openRequest,
  type RequestOptions,
} from "node:http";
import { Agent as TlsAgent } from "node:https";
import { isIP } from "node:net";
import { isQuicpipeError, type QuicpipeError } from "../../errors.ts";
import { codeOf } from "../../system-error.ts";
import { Exchange } from "./exchange.ts";
import {
  type Http3Lack,
  type HttpRequest,
  type HttpResponse,
  relayUnreachable,
  tcpRemedies,
} from "./http.ts";
import { reasonOf, type TlsOptions, tlsOptions } from "./tls.ts";

/** Options of a {@link TcpSession}. */
export interface TcpSessionOptions {
  /** Addresses of the server, of which each is tried. */
  readonly addresses: readonly string[];
  readonly port: number;
  /** Host and port for the field `host`. */
  readonly authority: string;
  /** How to verify the server over TLS; plain if absent. */
  readonly tls?: TlsOptions | undefined;
  /** Why it is not HTTP/3; absent if that was not meant. */
  readonly http3Lack?: Http3Lack | undefined;
  /** Called at the first answer. */
  readonly onAnswer?: () => void;
}

/**
 * HTTP/1.1 to a relay: without TLS to one on this machine, for an app without an HTTP/3 server, as in development; over TLS where
 * there is no QUIC engine, or the relay's HTTP/3 does not serve it. A request proves no UDP address, so a registration waits for STUN. The caller closes it.
 */
export class TcpSession {
  readonly #agent: PlainAgent;
  readonly #options: TcpSessionOptions;
  #isUsable = true;
  #underWay = 0;
  #hasAnswered = false;
  #address: string | undefined;

  constructor(options: TcpSessionOptions) {
    this.#options = options;
    this.#agent = options.tls
      ? new TlsAgent({ keepAlive: true, ...tlsOptions(options.tls) })
      : new PlainAgent({ keepAlive: true });
  }

  /** Whether no request has failed yet. After a failure another relay may answer. */
  get usable(): boolean {
    return this.#isUsable;
  }

  /** IP address of the latest answer; `undefined` before the first. */
  get remoteAddress(): string | undefined {
    return this.#address;
  }

  get http3Lack(): Http3Lack | undefined {
    return this.#options.http3Lack;
  }

  /** @throws ERR_QUICPIPE_RELAY_UNREACHABLE; `details.sent` tells whether the relay may have carried out the request. */
  async request(request: HttpRequest): Promise<HttpResponse> {
    const exchange = new Exchange(request);
    const ending = new AbortController();
    const timer = setTimeout(
      () =>
        exchange.fail(this.#unreachable(`${request.path} got no answer in ${request.timeoutMs} ms`, true)),
      request.timeoutMs,
    );
    const giveUp = (): void => exchange.fail(this.#unreachable("the request was given up", true));
    request.signal?.addEventListener("abort", giveUp, { once: true });
    this.#underWay++;
    try {
      this.#send(request, exchange, ending.signal);
      const answer = await exchange.answer;
      if (!this.#hasAnswered) this.#options.onAnswer?.();
      this.#hasAnswered = true;
      return answer;
    } catch (error) {
      this.#isUsable &&= request.signal?.aborted === true;
      throw error;
    } finally {
      clearTimeout(timer);
      request.signal?.removeEventListener("abort", giveUp);
      ending.abort();
      if (--this.#underWay === 0 && !this.#isUsable) this.#agent.destroy();
    }
  }

  /** Closes its connections, and fails the requests under way. Idempotent. */
  close(): Promise<void> {
    this.#isUsable = false;
    this.#agent.destroy();
    return Promise.resolve();
  }

  #send({ method, path, headers, body }: HttpRequest, exchange: Exchange, signal: AbortSignal): void {
    const length = body === undefined ? {} : { "content-length": String(body.length) };
    let isSent = false;
    this.#open({ method, path, headers: { ...headers, ...length, host: this.#options.authority }, signal })
      .on("finish", () => (isSent = true))
      .on("response", (response) => this.#receive(response, exchange))
      .on("error", (cause) =>
        exchange.fail(isQuicpipeError(cause) ? cause : this.#unreachable(reasonOf(cause), isSent, cause)),
      )
      .end(body);
  }

  #receive(response: IncomingMessage, exchange: Exchange): void {
    this.#address = response.socket.remoteAddress;
    const fields = Object.entries(response.headersDistinct).flatMap(([name, values = []]) =>
      values.map((value) => ({ name, value })),
    );
    exchange.take({ headers: [{ name: ":status", value: String(response.statusCode) }, ...fields] });
    response
      .on("data", (data: Buffer) => exchange.take({ data }))
      .on("end", () => exchange.complete())
      .on("error", (cause) => exchange.fail(this.#unreachable(reasonOf(cause), true, cause)));
  }

  #unreachable(why: string, sent: boolean, cause?: unknown): QuicpipeError {
    const { tls, http3Lack } = this.#options;
    const transport = http3Lack ? "fallback" : tls ? "tls" : "tcp";
    // A TLS server cuts off what is no TLS, or answers with an alert.
    const isCutOff = transport === "tcp" && /^(ECONNRESET|HPE_\w+)$/.test(codeOf(cause));
    const remedy = isCutOff ? "if its app speaks TLS, take the https: URL" : tcpRemedies[transport];
    return relayUnreachable(`${why}; ${remedy}`, { sent }, cause);
  }

  /** @throws ERR_QUICPIPE_RELAY_UNREACHABLE for fields that HTTP cannot carry, such as a token with a line break. */
  #open(options: RequestOptions): ReturnType<typeof openRequest> {
    const { addresses, port, tls } = this.#options;
    const known = addresses.map((address) => ({ address, family: isIP(address) }));
    try {
      return openRequest({
        ...options,
        agent: this.#agent,
        protocol: tls ? "https:" : "http:",
        host: tls?.host ?? "localhost",
        port,
        lookup: (_host, { all }, done) =>
          all ? done(null, known) : done(null, known[0]!.address, known[0]!.family),
      });
    } catch (cause) {
      throw this.#unreachable("the request cannot be sent", false, cause);
    }
  }
}
