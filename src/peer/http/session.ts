import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import * as defaults from "../../defaults/index.ts";
import { isQuicpipeError, QuicpipeError } from "../../errors.ts";
import { type Address, formatAddress } from "../../wire/address.ts";
import { type HttpRequest, type HttpResponse, relayUnreachable } from "./http.ts";
import { Exchange, tooLong } from "./exchange.ts";
import { guardExports } from "./wasm-guard.ts";

type Wasm = typeof import("@currentspace/http3/wasm");
type WasmEvent = import("@currentspace/http3/wasm").WasmEvent;
type EventLoop = InstanceType<Wasm["WasmH3ClientEventLoop"]>;
type Core = ReturnType<Wasm["loadHttp3WasmCoreFromFile"]>;

/** Options of a session to the relay. */
export interface Http3Options {
  readonly local: Address;
  readonly remote: Address;
  /** Host and port as in `:authority`. */
  readonly authority: string;
  /** The DNS name that the relay's certificate must be valid for. */
  readonly serverName: string;
  /** The one certificate (PEM) to which the relay's must chain up; `undefined` verifies nothing. */
  readonly ca: string | undefined;
  /** Sends a datagram to `remote`. */
  readonly send: (datagram: Uint8Array) => void;
  /** Receives the function that takes the datagrams from `remote`. */
  readonly onReceiver: (receive: (datagram: Uint8Array) => void) => void;
  /** Called when the relay announces that it ends the session (GOAWAY, RFC 9114 §5.2). */
  readonly onGoaway?: (() => void) | undefined;
  /** Time limit of the handshake, in ms. */
  readonly timeoutMs: number;
  /** Aborts the handshake. */
  readonly signal: AbortSignal;
}

/** Event numbers of the HTTP/3 client. */
const event = {
  headers: 3,
  data: 4,
  finished: 5,
  reset: 6,
  sessionClose: 7,
  goaway: 9,
  error: 10,
  connected: 11,
};

/**
 * One HTTP/3 session to the relay over datagrams that the caller moves. It ends for good when the relay closes it,
 * falls silent, leaves a request unanswered or sends too much.
 */
export class Http3Session {
  readonly #core: Core;
  readonly #loop: EventLoop;
  readonly #options: Http3Options;
  readonly #exchanges = new Map<number, Exchange>();
  readonly #connected = Promise.withResolvers<void>();
  #fault: QuicpipeError | undefined;
  #heardAtMs = -Infinity;

  private constructor(wasm: Wasm, options: Http3Options) {
    this.#options = options;
    this.#core = guardExports(loadCore(wasm), () => this.#end(distrusted));
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
    const session = new Http3Session(await importWasm(), options);
    const timer = setTimeout(
      () => session.#fail(`${formatAddress(options.remote)} does not answer`),
      options.timeoutMs,
    );
    const giveUp = (): void => session.#fail("the handshake was given up");
    options.signal.addEventListener("abort", giveUp);
    try {
      await session.#loop.connect(formatAddress(options.remote), options.serverName);
      await session.#connected.promise;
      return session;
    } catch (error) {
      void session.close();
      throw error;
    } finally {
      clearTimeout(timer);
      options.signal.removeEventListener("abort", giveUp);
    }
  }

  /** Whether requests can still be made. */
  get usable(): boolean {
    return this.#fault === undefined;
  }

  /**
   * @throws ERR_QUICPIPE_RELAY_UNREACHABLE if the session ends or the time is up before the response; `details.sent`
   *   tells whether the relay may have received the request.
   */
  async request(request: HttpRequest): Promise<HttpResponse> {
    if (this.#fault) throw this.#fault;
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
      if (this.#exchanges.delete(id) && this.usable) this.#loop.streamClose(id, requestCancelled);
    }
  }

  /** Ends the session, and resolves when the relay has been notified. Idempotent. */
  close(): Promise<void> {
    this.#fail("the session was closed");
    return this.#loop.close();
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
    if (eventType === event.connected) return this.#connected.resolve();
    if (eventType === event.goaway) return this.#options.onGoaway?.();
    if (eventType === event.sessionClose)
      return this.#fail(`it closed the session ${meta?.errorReason ?? ""}`);
    const exchange = this.#exchanges.get(streamId);
    if (!exchange) return;
    // A HEADERS event may carry data too.
    exchange.take({ headers, data });
    if (eventType === event.finished) this.#complete(streamId, exchange);
    else if (eventType === event.reset || eventType === event.error)
      exchange.fail(unreachable("it reset the request", true));
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
    queueMicrotask(() => void this.#loop.close());
  }

  /** Takes a datagram. Gives the session up if the client's memory has grown too large. */
  #hear(datagram: Uint8Array, receive: (datagram: Uint8Array) => void): void {
    if (this.#fault) return;
    this.#heardAtMs = performance.now();
    receive(datagram);
    const bytes = this.#core.exports.memory.buffer.byteLength;
    if (bytes > defaults.maxHttp3MemoryBytes)
      this.#end(() => tooLong("memory for what it has sent", defaults.maxHttp3MemoryBytes));
  }

  #transport(): import("@currentspace/http3/wasm").DatagramTransport {
    const { address, port } = this.#options.local;
    return {
      send: (datagram) => this.#options.send(datagram),
      onMessage: (receive) => this.#options.onReceiver((datagram) => this.#hear(datagram, receive)),
      localAddress: () => ({ address, port, family: address.includes(":") ? "IPv6" : "IPv4" }),
      // The socket is the peer's and stays open.
      close: () => Promise.resolve(),
    };
  }
}

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
  return relayUnreachable({ why, remedy, cause, details: { sent, ...more } });
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

async function importWasm(): Promise<Wasm> {
  try {
    return await import("@currentspace/http3/wasm");
  } catch (cause) {
    throw new QuicpipeError(
      "ERR_QUICPIPE_DEPENDENCY_MISSING",
      "a peer needs the package @currentspace/http3: run `npm install @currentspace/http3`",
      { cause },
    );
  }
}

function loadCore(wasm: Wasm): Core {
  const entry = createRequire(import.meta.url).resolve("@currentspace/http3/wasm");
  return wasm.loadHttp3WasmCoreFromFile(join(dirname(entry), "http3_client.wasm"));
}
