import { validateHeaderValue } from "node:http";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from "node:http2";
import { isIP } from "node:net";
import { isQuicpipeError, type QuicpipeError } from "../../errors.ts";
import { Exchange } from "./exchange.ts";
import {
  type Http3Lack,
  type HttpRequest,
  type HttpResponse,
  relayUnreachable,
  tcpRemedies,
} from "./http.ts";
import type { TcpSessionOptions } from "./tcp.ts";
import { reasonOf, type TlsOptions, tlsOptions } from "./tls.ts";

/** Options of an {@link Http2Session}. */
export interface Http2Options extends Omit<TcpSessionOptions, "onAnswer"> {
  readonly tls: TlsOptions;
  /** Why it is not HTTP/3. */
  readonly http3Lack: Http3Lack;
  /** Aborts the handshake. */
  readonly signal: AbortSignal;
}

/** HTTP/2 to a relay, over one TCP connection for all requests. They prove no UDP address. It ends for good when the relay closes it. */
export class Http2Session {
  readonly #options: Http2Options;
  readonly #session: ClientHttp2Session;
  #isGoing = false;
  #fault: Error | undefined;

  private constructor(options: Http2Options, session: ClientHttp2Session) {
    this.#options = options;
    this.#session = session;
    // Node closes a session that GOAWAY ends with its last request.
    session.on("goaway", () => (this.#isGoing = true));
    session.on("error", (error) => (this.#fault = error));
  }

  /**
   * Opens a session. The caller closes it.
   *
   * @throws ERR_QUICPIPE_RELAY_UNREACHABLE if the handshake fails, or the server speaks no HTTP/2.
   */
  static async open(options: Http2Options): Promise<Http2Session> {
    const { addresses, port, tls, signal } = options;
    const known = addresses.map((address) => ({ address, family: isIP(address) }));
    const raw = connect(`https://${isIP(tls.host) === 6 ? `[${tls.host}]` : tls.host}:${port}`, {
      ...tlsOptions(tls),
      settings: { enablePush: false },
      lookup: (_host, { all }, done) =>
        all ? done(null, known) : done(null, known[0]!.address, known[0]!.family),
    });
    const session = new Http2Session(options, raw);
    const giveUp = (): void => raw.destroy();
    signal.addEventListener("abort", giveUp);
    if (signal.aborted) giveUp();
    try {
      await new Promise<void>((resolve, reject) => {
        raw.once("connect", () => {
          // Node goes on where TLS has chosen no protocol, but HTTP/2 over TLS is chosen by ALPN (RFC 9113 §3.2).
          if (raw.alpnProtocol === "h2") return resolve();
          reject(session.#unreachable("it speaks no HTTP/2", false));
          raw.destroy();
        });
        raw.once("close", () => reject(session.#lost(false)));
      });
      return session;
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }

  get http3Lack(): Http3Lack {
    return this.#options.http3Lack;
  }

  /** Whether new requests can be made. */
  get usable(): boolean {
    return !this.#isGoing && !this.#session.closed && !this.#session.destroyed;
  }

  /** The server's IP address. */
  get remoteAddress(): string | undefined {
    return this.#session.socket.remoteAddress;
  }

  /** @throws ERR_QUICPIPE_RELAY_UNREACHABLE; `details.sent` tells whether the relay may have carried out the request. */
  async request(request: HttpRequest): Promise<HttpResponse> {
    if (!this.usable) throw this.#lost(false);
    const exchange = new Exchange(request);
    const { path, timeoutMs, signal } = request;
    const stream = this.#open(request);
    this.#receive(stream, exchange);
    const giveUp = (why: string): void => exchange.fail(this.#unreachable(why, true));
    const timer = setTimeout(() => {
      giveUp(`${path} got no answer in ${timeoutMs} ms`);
      // Whoever leaves a request unanswered may have forgotten the connection.
      this.#isGoing = true;
    }, timeoutMs);
    const abort = (): void => giveUp("the request was given up");
    signal?.addEventListener("abort", abort, { once: true });
    if (signal?.aborted) abort();
    try {
      return await exchange.answer;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      if (!stream.closed) stream.close(constants.NGHTTP2_CANCEL);
      if (this.#isGoing) this.#session.close();
    }
  }

  /** Ends the connection, and the requests under way. Idempotent. */
  close(): Promise<void> {
    this.#session.destroy();
    return Promise.resolve();
  }

  /** @throws ERR_QUICPIPE_RELAY_UNREACHABLE for fields that HTTP cannot carry, such as a token with a line break. */
  #open({ method, path, headers, body }: HttpRequest): ClientHttp2Stream {
    const length = body === undefined ? {} : { "content-length": String(body.length) };
    const pseudo = { ":method": method, ":path": path, ":authority": this.#options.authority };
    try {
      // HTTP/2 alone would send any value.
      for (const [name, value] of Object.entries(headers)) validateHeaderValue(name, value);
      const stream = this.#session.request({ ...pseudo, ...headers, ...length });
      return stream.end(body);
    } catch (cause) {
      throw this.#unreachable("the request cannot be sent", false, cause);
    }
  }

  #receive(stream: ClientHttp2Stream, exchange: Exchange): void {
    stream
      .on("response", (headers) => exchange.take({ headers: fieldsOf(headers) }))
      .on("data", (data: Buffer) => exchange.take({ data }))
      // A stream that is cut off ends as well.
      .on("end", () => stream.rstCode === constants.NGHTTP2_NO_ERROR && exchange.complete())
      .on("error", (error) => (this.#fault ??= error))
      // Of no effect after an answer.
      .on("close", () => exchange.fail(this.#lost(stream.rstCode !== constants.NGHTTP2_REFUSED_STREAM)));
  }

  #lost(sent: boolean): QuicpipeError {
    const cause = this.#fault;
    if (isQuicpipeError(cause)) return cause;
    return this.#unreachable(cause ? reasonOf(cause) : "it closed the connection", sent, cause);
  }

  #unreachable(why: string, sent: boolean, cause?: unknown): QuicpipeError {
    return relayUnreachable(`${why}; ${tcpRemedies.fallback}`, { sent }, cause);
  }
}

function fieldsOf(headers: IncomingHttpHeaders): { name: string; value: string }[] {
  return Object.entries(headers).flatMap(([name, value = []]) =>
    [value].flat().map((each) => ({ name, value: String(each) })),
  );
}
