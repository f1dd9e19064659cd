import * as defaults from "../../defaults/index.ts";
import { isQuicpipeError, type QuicpipeError } from "../../errors.ts";
import { formatAddress } from "../../wire/address.ts";
import { parseLongHeader } from "../../wire/quic-packet.ts";
import type { DatagramSink, PeerSocket, RelayPath } from "../socket.ts";
import { Exchange, tooLong } from "./exchange.ts";
import { type HttpRequest, type HttpResponse, relayUnreachable } from "./http.ts";
import { importWasm, loadCore, type Wasm, type WasmCore, type WasmEvent, wasmEvent } from "./wasm.ts";

/** Options of an {@link Http3Session}. */
export interface Http3Options {
  readonly socket: PeerSocket;
  /** The path to the relay, closed with the session. */
  readonly path: RelayPath;
  /** Host and port as in `:authority`. */
  readonly authority: string;
  /** The DNS name that the relay's certificate must be valid for. */
  readonly serverName: string;
  /** The one certificate (PEM) to which the relay's must chain up; `undefined` verifies nothing. */
  readonly ca: string | undefined;
  /** Called when the relay announces that it ends the session (GOAWAY, RFC 9114 §5.2). */
  readonly onGoaway?: (() => void) | undefined;
  /** Aborts the handshake. */
  readonly signal: AbortSignal;
}

/**
 * One HTTP/3 session to the relay, with its share of the peer's socket. Several can be in the making at a time. It ends for good
 * when the relay closes it, falls silent, leaves a request unanswered or sends too much; after GOAWAY, with its last request.
 */
export class Http3Session {
  readonly #options: Http3Options;
  readonly #core: WasmCore;
  readonly #loop: InstanceType<Wasm["WasmH3ClientEventLoop"]>;
  readonly #exchanges = new Map<number, Exchange>();
  readonly #connected = Promise.withResolvers<void>();
  #sourceId: Uint8Array | undefined;
  /** Gives a datagram to the client. */
  #deliver: (datagram: Uint8Array) => void = () => undefined;
  #fault: QuicpipeError | undefined;
  #isGoing = false;
  #heardAtMs = -Infinity;

  private constructor(wasm: Wasm, options: Http3Options) {
    this.#options = options;
    this.#core = loadCore(wasm, () => this.#end(distrusted));
    this.#loop = new wasm.WasmH3ClientEventLoop(
      {
        core: this.#core,
        transportFactory: () => Promise.resolve(this.#transport()),
        rejectUnauthorized: options.ca !== undefined,
        maxIdleTimeoutMs: defaults.httpIdleTimeoutMs,
        ...(options.ca === undefined ? {} : { ca: Buffer.from(options.ca) }),
      },
      (events) => events.forEach((each) => this.#onEvent(each)),
    );
    this.#connected.promise.catch(() => undefined);
  }

  /**
   * Opens a session. The caller closes it.
   *
   * @throws ERR_QUICPIPE_RELAY_UNREACHABLE if the handshake fails or takes too long.
   * @throws ERR_QUICPIPE_DEPENDENCY_MISSING if `@currentspace/http3` is not installed.
   */
  static async open(options: Http3Options): Promise<Http3Session> {
    const { path, serverName, signal } = options;
    const remote = formatAddress(path.remote);
    const session = new Http3Session(await importWasm(), options);
    const timer = setTimeout(() => session.#fail(`${remote} does not answer`), defaults.relayAttemptMs);
    const giveUp = (): void => session.#fail("the handshake was given up");
    signal.addEventListener("abort", giveUp);
    // Aborted while the library was loaded.
    if (signal.aborted) giveUp();
    try {
      await session.#loop.connect(remote, serverName);
      await session.#connected.promise;
      return session;
    } catch (error) {
      void session.close();
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", giveUp);
    }
  }

  /** Whether new requests can be made. */
  get usable(): boolean {
    return this.#fault === undefined && !this.#isGoing;
  }

  /** Makes it the peer's session: its remote address is the relay's, and it gets packets of no connection. */
  use(): void {
    const { socket, path } = this.#options;
    socket.moveTo(path.remote);
    socket.onHttp3 = this.#receive;
  }

  /**
   * @throws ERR_QUICPIPE_RELAY_UNREACHABLE if the session ends or the time is up before the response; `details.sent`
   *   tells whether the relay may have carried out the request.
   */
  async request(request: HttpRequest): Promise<HttpResponse> {
    if (this.#fault) throw this.#fault;
    if (this.#isGoing) throw unreachable("it takes no more requests in this session", false);
    // Aborted while the session was opened.
    if (request.signal?.aborted) throw unreachable("the request was given up", false);
    const exchange = new Exchange(request);
    const id = this.#send(request);
    this.#exchanges.set(id, exchange);
    const unwatch = this.#watch(request);
    const abort = (): void => exchange.fail(unreachable("the request was given up", true));
    request.signal?.addEventListener("abort", abort, { once: true });
    try {
      return await exchange.answer;
    } finally {
      unwatch();
      request.signal?.removeEventListener("abort", abort);
      if (this.#exchanges.delete(id) && !this.#fault) this.#loop.streamClose(id, requestCancelled);
      this.#closeIfDone();
    }
  }

  /** Ends the session, and resolves when the relay has been notified. Idempotent. */
  async close(): Promise<void> {
    this.#fail("the session was closed");
    await this.#loop.close();
    const { socket, path } = this.#options;
    if (this.#sourceId) socket.removeRoute(this.#sourceId);
    if (socket.onHttp3 === this.#receive) socket.onHttp3 = undefined;
    path.close();
  }

  #send({ method, path, headers, body }: HttpRequest): number {
    const fields = {
      ":method": method,
      ":scheme": "https",
      ":authority": this.#options.authority,
      ":path": path,
    };
    const all = body ? { ...headers, "content-length": String(body.length) } : headers;
    try {
      const list = Object.entries({ ...fields, ...all }).map(([name, value]) => ({ name, value }));
      const id = this.#loop.sendRequest(list, body === undefined);
      if (body) this.#loop.streamSend(id, body, true);
      return id;
    } catch (cause) {
      throw unreachable("it takes no more requests", false, cause);
    }
  }

  #onEvent({ eventType, streamId, headers, data, meta }: WasmEvent): void {
    if (eventType === wasmEvent.connected) return this.#connected.resolve();
    if (eventType === wasmEvent.goaway) return this.#goAway(streamId);
    if (eventType === wasmEvent.sessionClose)
      return this.#fail(`it closed the session ${meta?.errorReason ?? ""}`);
    const exchange = this.#exchanges.get(streamId);
    if (!exchange) return;
    // A HEADERS event may carry data too.
    exchange.take({ headers, data });
    if (eventType === wasmEvent.finished) this.#complete(streamId, exchange);
    else if (eventType === wasmEvent.reset || eventType === wasmEvent.error)
      exchange.fail(unreachable("it reset the request", meta?.errorCode !== requestRejected));
  }

  /**
   * Leaves the requests under way to be answered. New ones, and those that the relay does not carry out, are another session's
   * (RFC 9114 §5.2).
   *
   * @param firstId the first of those that are not carried out.
   */
  #goAway(firstId: number): void {
    this.#isGoing = true;
    for (const [id, exchange] of this.#exchanges)
      if (id >= firstId) exchange.fail(unreachable("it takes no more requests in this session", false));
    this.#options.onGoaway?.();
    this.#closeIfDone();
  }

  #closeIfDone(): void {
    // After the current call of the client.
    if (this.#isGoing && this.#exchanges.size === 0) queueMicrotask(() => void this.close());
  }

  /**
   * Gives the session up if a request gets no response: the relay has forgotten the session, or the path to it has
   * changed. A relay that is only slow acknowledges packets. If it does not, an idempotent request is worth a new
   * session at once. So the relay is pinged while such a request waits.
   */
  #watch({ method, path, timeoutMs, isIdempotent }: HttpRequest): () => void {
    const giveUp = (waitedMs: number): void =>
      this.#fail(`${method} ${path} got no answer in ${waitedMs} ms`, true);
    const timer = setTimeout(giveUp, timeoutMs, timeoutMs);
    let askedAtMs = performance.now();
    let look: NodeJS.Immediate | undefined;
    const lookAndAsk = (): void => {
      if (this.#heardAtMs < askedAtMs) return giveUp(defaults.httpSilenceMs);
      askedAtMs = performance.now();
      this.#loop.ping();
    };
    // Datagrams that came while this process was busy are read before the relay is judged.
    const onTick = (): void => void (look = setImmediate(lookAndAsk));
    const ticks = isIdempotent ? setInterval(onTick, defaults.httpSilenceMs) : undefined;
    return () => {
      clearTimeout(timer);
      clearInterval(ticks);
      clearImmediate(look);
    };
  }

  #complete(id: number, exchange: Exchange): void {
    this.#exchanges.delete(id);
    exchange.complete();
  }

  #fail(why: string, sent = false): void {
    this.#end((isSent) => unreachable(why, isSent), sent);
  }

  #end(fault: (sent: boolean) => QuicpipeError, sent = false): void {
    if (this.#fault) return;
    this.#fault = fault(sent);
    this.#connected.reject(this.#fault);
    for (const exchange of this.#exchanges.values()) exchange.fail(fault(true));
    // After the current call of the client.
    queueMicrotask(() => void this.close());
  }

  /** Takes a datagram. Gives the session up if the client's memory has grown too large. */
  readonly #receive: DatagramSink = (datagram) => {
    if (this.#fault) return;
    this.#heardAtMs = performance.now();
    this.#deliver(datagram);
    const bytes = this.#core.exports.memory.buffer.byteLength;
    if (bytes > defaults.maxHttp3MemoryBytes)
      this.#end(() => tooLong("memory for what it has sent", defaults.maxHttp3MemoryBytes));
  };

  #transport(): import("@currentspace/http3/wasm").DatagramTransport {
    const { address, port } = this.#options.path.local;
    return {
      send: (datagram) => this.#transmit(datagram),
      onMessage: (receive) => void (this.#deliver = receive),
      localAddress: () => ({ address, port, family: address.includes(":") ? "IPv6" : "IPv4" }),
      // The socket is the peer's and stays open.
      close: () => Promise.resolve(),
    };
  }

  /** The first packet carries the connection ID to which the relay answers. */
  #transmit(datagram: Uint8Array): void {
    if (!this.#sourceId) {
      this.#sourceId = parseLongHeader(datagram)?.sourceId.slice();
      if (this.#sourceId) this.#options.socket.addRoute(this.#sourceId, this.#receive);
    }
    this.#options.path.send(datagram);
  }
}

/** H3_REQUEST_REJECTED: the relay has not processed the request (RFC 9114 §4.1.1). */
const requestRejected = 0x10b;
/** H3_REQUEST_CANCELLED (RFC 9114 §8.1). */
const requestCancelled = 0x10c;

/** Returns the error for a relay that cannot be reached by HTTP/3. */
export function unreachable(
  why: string,
  sent: boolean,
  cause?: unknown,
  more: Readonly<Record<string, unknown>> = {},
): QuicpipeError {
  const remedy = "check its address, its certificate and that UDP gets through";
  return relayUnreachable(`${why}; ${remedy}`, { sent, ...more }, cause);
}

/** Returns the error for a relay whose certificate does not verify. {@link isDistrusted} recognizes it. */
export function distrusted(): QuicpipeError {
  return unreachable("its certificate is not issued by a trusted CA for its name", false, undefined, {
    untrusted: true,
  });
}

/** Reports whether an error is about the relay's certificate. */
export function isDistrusted(error: unknown): boolean {
  return isQuicpipeError(error) && error.details["untrusted"] === true;
}
