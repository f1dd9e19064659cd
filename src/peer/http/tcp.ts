import {
  Agent as PlainAgent,
  type IncomingMessage,
  request as openRequest,
  type RequestOptions,
} from "node:http";
import { Agent as TlsAgent } from "node:https";
import { isIP } from "node:net";
import { isQuicpipeError, QuicpipeError } from "../../errors.ts";
import type { RelayTrust } from "../trust/relay-trust.ts";
import { codeOf } from "../../system-error.ts";
import { Exchange } from "./exchange.ts";
import {
  type Http3Lack,
  type HttpRequest,
  type HttpResponse,
  relayUnreachable,
  tcpRemedies,
} from "./http.ts";
import { distrusted } from "./http3-error.ts";

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
  /** Called at the first answer, with the address that it came from. */
  readonly onAnswer?: (address: string | undefined) => void;
}

/** The server's host, and how to verify its certificate. */
export interface TlsOptions {
  readonly host: string;
  readonly trust: RelayTrust;
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
    this.#agent = options.tls ? tlsAgent(options.tls) : new PlainAgent({ keepAlive: true });
  }

  /** Whether no request has failed yet. After a failure another relay may answer. */
  get usable(): boolean {
    return this.#isUsable;
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
      if (!this.#hasAnswered) this.#options.onAnswer?.(this.#address);
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

/** Verifies as over HTTP/3. Node alone would take the common name of a certificate without other names. */
function tlsAgent({ trust }: TlsOptions): TlsAgent {
  const { demand, serverName = "" } = trust;
  if (demand.kind === "pins")
    throw new QuicpipeError("ERR_QUICPIPE_INTERNAL", "TLS over TCP would not check the pins of a server");
  const isVerified = demand.kind === "ca";
  return new TlsAgent({
    keepAlive: true,
    servername: serverName,
    rejectUnauthorized: isVerified,
    ...(isVerified && { ca: demand.pem }),
    checkServerIdentity: (_host, { raw }) => {
      const why = trust.refusalOf(raw);
      return why === undefined ? undefined : distrusted(why);
    },
  });
}

/** Returns the reason of a failure. Where several addresses were tried, the error has an empty message and one of each in it. */
function reasonOf(cause: Error): string {
  if (cause instanceof AggregateError && cause.errors.length > 0)
    return cause.errors.map((each: Error) => reasonOf(each)).join(", ");
  return cause.message || codeOf(cause);
}
