import * as defaults from "../../defaults/index.ts";
import type { QuicpipeError } from "../../errors.ts";
import { http3Code, type Http3Fault } from "../../http3/index.ts";
import { formatAddress } from "../../wire/address.ts";
import { minInitialDatagramBytes, quicVersion1 } from "../../wire/quic-packet.ts";
import { parseVersionNegotiation } from "../../wire/version-negotiation.ts";
import { ConnectionIds } from "../connection/connection-ids.ts";
import { Driver, type DriverOwner } from "../connection/driver.ts";
import type { Engine, EngineConnection, EngineOptions } from "../engine/contract.ts";
import { deafListener } from "../engine/deaf.ts";
import type { RelayTrust } from "../trust/relay-trust.ts";
import type { DatagramSink, PeerSocket, RelayPath } from "../socket.ts";
import { watchAnswer, type WatchedRelay } from "./answer-watch.ts";
import { Exchange } from "./exchange.ts";
import { Http3Client, leftOut } from "./http3-client.ts";
import { distrusted, endError, unreachable } from "./http3-error.ts";
import type { HttpRequest, HttpResponse } from "./http.ts";
import { requestFrames } from "./request-frames.ts";

/** Options of an {@link Http3Session}. */
export interface Http3Options {
  readonly engine: Engine;
  readonly socket: PeerSocket;
  /** The path to the relay, closed with the session. */
  readonly path: RelayPath;
  /** Host and port as in `:authority`. */
  readonly authority: string;
  readonly trust: RelayTrust;
  /** Called when the relay announces that it ends the session (GOAWAY, RFC 9114 §5.2). */
  readonly onGoaway?: (() => void) | undefined;
  /** Aborts the handshake. */
  readonly signal: AbortSignal;
}

/**
 * One HTTP/3 session to the relay, over a QUIC connection on the peer's socket. Several can be in the making at a time. It ends
 * for good when the relay closes it, falls silent, leaves a request unanswered or breaks HTTP/3; after GOAWAY, with its last request.
 */
export class Http3Session {
  readonly #options: Http3Options;
  readonly #ids = new ConnectionIds(defaults.cidsPerConnection);
  readonly #connection: EngineConnection;
  readonly #driver: Driver;
  readonly #client: Http3Client;
  readonly #watched: WatchedRelay = {
    heardAtMs: () => this.#heardAtMs,
    ping: () => {
      this.#connection.ping();
      this.#driver.wake();
    },
    giveUp: (why) => this.#fail(why, true),
  };
  readonly #connected = Promise.withResolvers<void>();
  #phase: "handshake" | "session" = "handshake";
  #fault: QuicpipeError | undefined;
  #isGoing = false;
  #isClosed = false;
  #heardAtMs = -Infinity;

  private constructor(options: Http3Options) {
    const { engine, trust, path, socket } = options;
    this.#options = options;
    this.#connection = engine.connect(engineOptions(this.#ids, trust), trust.serverName);
    this.#driver = new Driver(this.#connection, path, this.#owner());
    this.#client = new Http3Client(this.#connection, {
      onGoaway: () => this.#goAway(),
      onFault: (fault) => this.#breakOff(fault),
    });
    this.#ids.route(socket, this.#receive);
    this.#connected.promise.catch(() => undefined);
  }

  /**
   * Opens a session. The caller closes it.
   *
   * @throws ERR_QUICPIPE_RELAY_UNREACHABLE if the handshake fails or takes too long.
   */
  static async open(options: Http3Options): Promise<Http3Session> {
    const { path, signal } = options;
    const session = new Http3Session(options);
    const silent = `${formatAddress(path.remote)} does not answer`;
    const timer = setTimeout(() => session.#fail(silent), defaults.relayAttemptMs);
    const giveUp = (): void => session.#fail("the handshake was given up");
    signal.addEventListener("abort", giveUp);
    if (signal.aborted) giveUp();
    session.#driver.wake();
    try {
      await session.#connected.promise;
      return session;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", giveUp);
    }
  }

  /** Whether new requests can be made. */
  get usable(): boolean {
    return this.#fault === undefined && !this.#isGoing;
  }

  /** Makes it the peer's session: its remote address is the relay's. */
  use(): void {
    const { socket, path } = this.#options;
    socket.moveTo(path.remote);
  }

  /**
   * @throws ERR_QUICPIPE_RELAY_UNREACHABLE if the session ends or the time is up before the response; `details.sent`
   *   tells whether the relay may have carried out the request.
   */
  async request(request: HttpRequest): Promise<HttpResponse> {
    if (this.#fault) throw this.#fault;
    if (this.#isGoing) throw leftOut();
    // Aborted while the session was opened.
    if (request.signal?.aborted) throw unreachable("the request was given up", false);
    const exchange = new Exchange(request);
    const forget = this.#client.request(exchange, requestFrames(request, this.#options.authority));
    const unwatch = watchAnswer(request, this.#watched);
    const abort = (): void => exchange.fail(unreachable("the request was given up", true));
    request.signal?.addEventListener("abort", abort, { once: true });
    this.#driver.wake();
    try {
      return await exchange.answer;
    } finally {
      unwatch();
      request.signal?.removeEventListener("abort", abort);
      forget();
      this.#driver.wake();
      this.#closeIfDone();
    }
  }

  /** Ends the session, and resolves when the relay has been notified. Idempotent. */
  async close(): Promise<void> {
    this.#fail("the session was closed");
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#connection.close(http3Code.noError, "");
    this.#driver.flush();
    this.#driver.stop();
    this.#ids.unroute(this.#options.socket);
    this.#options.path.close();
  }

  #owner(): DriverOwner {
    return {
      ...deafListener,
      onPresented: () => this.#judge(),
      onEstablished: () => {
        this.#phase = "session";
        this.#client.start();
        this.#connected.resolve();
      },
      onEnded: () => this.#explain(),
      onOpened: (kind) => this.#client.onOpened(kind),
      onReadable: (id) => this.#client.onReadable(id),
      onWritable: (id) => this.#client.onWritable(id),
      onStopped: (id, errorCode) => this.#client.onStopped(id, errorCode),
      onAllowed: (kind) => this.#client.onAllowed(kind),
      onTurn: () => undefined,
      // A fault of the engine ends it without a word.
      onOver: () => this.#explain(),
    };
  }

  /** Judges the relay's certificate, before anything of this peer's leaves. */
  #judge(): void {
    const why = this.#options.trust.refusalOf(this.#connection.certificates()[0]!);
    if (why !== undefined) this.#end(() => distrusted(why));
    this.#connection.judge(why === undefined);
  }

  #goAway(): void {
    this.#isGoing = true;
    this.#options.onGoaway?.();
    this.#closeIfDone();
  }

  #closeIfDone(): void {
    // After the current call of the engine, and of whoever waits for the last answer.
    if (this.#isGoing && this.#client.isIdle) queueMicrotask(() => void this.close());
  }

  /** Ends a session whose relay breaks HTTP/3, and says so with the code for that (RFC 9114 §8). */
  #breakOff({ code, why }: Http3Fault): void {
    this.#fail(`what it sends is no HTTP/3, as ${why}`, true);
    this.#connection.close(code, why);
  }

  #explain(): void {
    const end = this.#connection.end();
    const { path, trust } = this.#options;
    const isPinned = trust.demand.kind === "pins";
    if (end) this.#end(endError(end, this.#phase, formatAddress(path.remote), isPinned));
  }

  #fail(why: string, sent = false): void {
    this.#end((isSent) => unreachable(why, isSent), sent);
  }

  #end(fault: (sent: boolean) => QuicpipeError, sent = false): void {
    if (this.#fault) return;
    this.#fault = fault(sent);
    this.#connected.reject(this.#fault);
    this.#client.fail(fault);
    // After the current call of the engine.
    queueMicrotask(() => void this.close());
  }

  readonly #receive: DatagramSink = (datagram, ecn) => {
    if (this.#heardAtMs === -Infinity) this.#lookForVersions(datagram);
    const { refused } = this.#driver;
    this.#driver.receive(datagram, ecn);
    if (this.#driver.refused === refused) this.#heardAtMs = performance.now();
  };

  /**
   * Gives up a relay that answers the first packets with versions of QUIC that this side does not know (RFC 9000 §6.2). Only who
   * has seen those packets knows the connection ID that led the datagram here.
   */
  #lookForVersions(datagram: Uint8Array): void {
    const versions = parseVersionNegotiation(datagram);
    if (!versions || versions.includes(quicVersion1)) return;
    const list = versions
      .slice(0, shownVersions)
      .map((version) => `0x${version.toString(16)}`)
      .join(", ");
    this.#fail(`${formatAddress(this.#options.path.remote)} speaks no QUIC version 1, but ${list || "none"}`);
  }
}

/** Versions of QUIC that a message names. A datagram has room for hundreds. */
const shownVersions = 8;

function engineOptions({ key, num }: ConnectionIds, { demand }: RelayTrust): EngineOptions {
  return {
    cidKey: key,
    cidLimit: num,
    demand,
    isJudged: demand.kind === "ca",
    alpn: ["h3"],
    idleTimeoutMs: defaults.httpIdleTimeoutMs,
    // Requests and answers are short.
    maxUdpPayloadBytes: minInitialDatagramBytes,
    flowWindowBytes: defaults.httpWindowBytes.stream,
    connectionWindowBytes: defaults.httpWindowBytes.session,
    maxStreams: defaults.maxHttp3UniStreams,
    datagramQueueBytes: 0,
  };
}
