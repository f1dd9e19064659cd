import { createSocket, type Socket } from "node:dgram";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { loadEngine } from "../../../src/peer/engine/engine.ts";
import type { EngineConnection, EngineListener } from "../../../src/peer/engine/contract.ts";
import { deafListener } from "../../../src/peer/engine/deaf.ts";
import type { Target } from "../attack.ts";
import { type Fields, headersFrame, statusOf, varint } from "./http3-frames.ts";
import { OwnStreams } from "./own-streams.ts";

/** Behaviour of a {@link RawHttp3}. */
export interface RawHttp3Options {
  /** Flow control window, in bytes, of the connection and each stream. */
  readonly windowBytes?: number;
  /** The same of the connection alone; `windowBytes` if absent. */
  readonly connectionWindowBytes?: number;
  /** Whether responses are read; otherwise the windows do not move. */
  readonly reads?: boolean;
  /** Source address and port. Of several clients on one port, only the latest receives anything. */
  readonly from?: string;
  readonly fromPort?: number;
  /** Ends the wait for a connection, which a server that refuses does not always answer. */
  readonly signal?: AbortSignal;
}

/** The response on a request's stream. */
export interface RawAnswer {
  /** Bytes of frames so far. */
  readonly bytes: Buffer[];
  hasEnded: boolean;
  /** Error codes of RESET_STREAM and STOP_SENDING. */
  resetWith: number | undefined;
  stoppedWith: number | undefined;
}

/** An HTTP/3 client that obeys no rules and sends what it is told. The caller closes it. */
export class RawHttp3 {
  readonly #socket: Socket;
  readonly #engine: EngineConnection;
  readonly #answers = new Map<number, RawAnswer>();
  readonly #buffer = Buffer.alloc(65_536);
  #timer: NodeJS.Timeout | undefined;
  #turn: NodeJS.Immediate | undefined;
  #nextStream = 0;
  readonly #streams: OwnStreams;
  #isEstablished = false;
  #watchers: (() => void)[] = [];
  /** Unsent first bytes of streams. */
  readonly #beginnings = new Map<number, { readonly bytes: Uint8Array; readonly hasEnded: boolean }>();
  #isOver = false;
  readonly #reads: boolean;

  private constructor(socket: Socket, engine: EngineConnection, options: RawHttp3Options) {
    this.#socket = socket;
    this.#engine = engine;
    this.#streams = new OwnStreams(engine);
    this.#reads = options.reads ?? true;
    socket.on("error", () => this.vanish());
    socket.on("message", (datagram) => {
      engine.receive(datagram);
      this.#wake();
    });
  }

  static async open(target: Target, options: RawHttp3Options = {}): Promise<RawHttp3> {
    const socket = createSocket({ type: "udp4", reuseAddr: true });
    socket.bind(options.fromPort, options.from ?? target.host);
    await once(socket, "listening");
    const { windowBytes: flowWindowBytes = 1e6, connectionWindowBytes = flowWindowBytes } = options;
    const engine = loadEngine().connect(
      {
        cidKey: randomBytes(32),
        cidLimit: 100,
        demand: { kind: "ca", pem: target.certificate },
        isJudged: false,
        alpn: ["h3"],
        idleTimeoutMs: 120_000,
        maxUdpPayloadBytes: 1200,
        flowWindowBytes,
        connectionWindowBytes,
        maxStreams: 100,
        datagramQueueBytes: 0,
      },
      "localhost",
    );
    socket.connect(target.port, target.host);
    await once(socket, "connect");
    const client = new RawHttp3(socket, engine, options);
    client.#wake();
    await client.#until(() => client.#isEstablished || client.isClosed || options.signal?.aborted === true);
    // A control stream with empty SETTINGS (RFC 9114 §6.2.1).
    if (!client.isClosed) client.sendRaw(2, Buffer.from([0, 4, 0]), false);
    return client;
  }

  /** Reports whether the connection has ended. */
  get isClosed(): boolean {
    return this.#isOver || this.#engine.end() !== undefined;
  }

  /** Error code with which the server closed the connection. */
  get closedWith(): number | undefined {
    const end = this.#engine.end();
    return end?.by === "other" ? end.errorCode : undefined;
  }

  /** Resolves when the connection has ended. */
  get closed(): Promise<void> {
    return this.#until(() => this.isClosed);
  }

  /** Reports whether another request may be opened now, besides those about to be sent. */
  get hasRoom(): boolean {
    return !this.isClosed && this.#streams.open(this.#nextStream);
  }

  /** Opens a request and returns its stream ID. */
  request(fields: Fields, hasEnded: boolean): number {
    return this.stream(headersFrame(fields), hasEnded);
  }

  /** Opens a request stream with arbitrary bytes and returns its ID. */
  stream(bytes: Uint8Array, hasEnded: boolean): number {
    const id = this.#nextStream;
    this.#nextStream += 4;
    this.#answers.set(id, { bytes: [], hasEnded: false, resetWith: undefined, stoppedWith: undefined });
    this.#beginnings.set(id, { bytes, hasEnded });
    this.#wake();
    return id;
  }

  /**
   * Sends body bytes as fast as they are taken, until the server stops the stream or `signal` aborts.
   *
   * @param hasEnd whether the request ends with them.
   * @returns the number of bytes taken.
   */
  async upload(id: number, bytes: number, signal: AbortSignal, hasEnd = false): Promise<number> {
    const answer = this.answer(id);
    // A DATA frame of the whole length (RFC 9114 §7.2.1), then pieces of it.
    this.#send(id, Buffer.concat([Buffer.from([0]), varint(bytes)]));
    const piece = randomBytes(65_536);
    let sent = 0;
    while (sent < bytes && answer.stoppedWith === undefined && !this.isClosed && !signal.aborted) {
      const isLast = bytes - sent <= piece.length;
      const taken = this.#send(id, piece.subarray(0, bytes - sent), hasEnd && isLast);
      sent += taken;
      if (taken === 0) await this.#changed(100);
    }
    return sent;
  }

  /** Sends bytes on a stream and returns how many were taken. */
  #send(id: number, bytes: Uint8Array, hasEnded = false): number {
    this.#run();
    if (this.#isOver || this.#beginnings.has(id)) return 0;
    const taken = this.#engine.streamSend(id, bytes, hasEnded);
    this.#wake();
    if (typeof taken === "object") this.answer(id).stoppedWith ??= taken.abortedWith;
    return typeof taken === "number" ? taken : 0;
  }

  /** Sends body bytes, and the end of the request if `hasEnded`. */
  send(id: number, bytes: Uint8Array, hasEnded = false): void {
    this.#send(id, Buffer.concat([Buffer.from([0]), varint(bytes.length), bytes]), hasEnded);
  }

  /** Resets a request both ways (H3_REQUEST_CANCELLED). */
  reset(id: number): void {
    this.#run();
    if (this.#isOver) return;
    this.#beginnings.delete(id);
    this.#engine.streamAbort(id, "write", 0x10c);
    this.#engine.streamAbort(id, "read", 0x10c);
    this.#wake();
  }

  /** Sends bytes on any stream. The control stream is 2, the next unidirectional ones are 6, 10 and so on. */
  sendRaw(id: number, bytes: Uint8Array, hasEnded: boolean): void {
    if (this.#streams.open(id)) this.#engine.streamSend(id, bytes, hasEnded);
    this.#wake();
  }

  /** Stops a response (STOP_SENDING) and keeps sending. */
  stop(id: number): void {
    this.#run();
    if (this.#isOver) return;
    this.#engine.streamAbort(id, "read", 0x10c);
    this.#wake();
  }

  /** Makes the server acknowledge a packet. */
  ping(): void {
    this.#engine.ping();
    this.#wake();
  }

  answer(id: number): RawAnswer {
    return this.#answers.get(id)!;
  }

  /** Waits for a response's end or reset, at most `timeoutMs` if given. Returns its status, or `undefined` if it has none. */
  async status(id: number, timeoutMs?: number): Promise<number | undefined> {
    const answer = this.answer(id);
    await this.#until(() => answer.hasEnded || answer.resetWith !== undefined || this.isClosed, timeoutMs);
    return statusOf(Buffer.concat(answer.bytes));
  }

  /** Closes the connection with a CONNECTION_CLOSE. Idempotent. */
  close(): void {
    if (this.#isOver) return;
    this.#engine.close(0x100, "");
    this.#run();
    this.vanish();
  }

  /** Ends the connection without a CONNECTION_CLOSE. */
  vanish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    clearImmediate(this.#turn);
    this.#socket.close();
    for (const watcher of this.#watchers.splice(0)) watcher();
  }

  async #until(isTrue: () => boolean, timeoutMs = Infinity): Promise<void> {
    const endMs = performance.now() + timeoutMs;
    while (!isTrue() && performance.now() < endMs) await this.#changed(Math.min(1000, timeoutMs));
  }

  #changed(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#watchers.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #wake(): void {
    if (!this.#isOver) this.#turn ??= setImmediate(() => this.#run());
  }

  #run(): void {
    clearImmediate(this.#turn);
    this.#turn = undefined;
    this.#engine.poll(this.#listener);
    for (const [id, { bytes, hasEnded }] of this.#beginnings) this.#begin(id, bytes, hasEnded);
    for (let length = 0; (length = this.#engine.send(this.#buffer)) > 0;)
      this.#socket.send(Buffer.from(this.#buffer.subarray(0, length)));
    clearTimeout(this.#timer);
    const timeoutMs = this.#engine.timeoutMs();
    if (this.#engine.isOver) this.vanish();
    else if (timeoutMs !== undefined)
      this.#timer = setTimeout(() => {
        this.#engine.onTimeout();
        this.#run();
      }, timeoutMs);
    for (const watcher of this.#watchers.splice(0)) watcher();
  }

  #begin(id: number, bytes: Uint8Array, hasEnded: boolean): void {
    if (!this.#streams.open(id)) return;
    const taken = this.#engine.streamSend(id, bytes, hasEnded);
    if (taken === undefined) return;
    if (typeof taken === "number" && taken < bytes.length)
      this.#beginnings.set(id, { bytes: bytes.subarray(taken), hasEnded });
    else this.#beginnings.delete(id);
  }

  readonly #listener: EngineListener = {
    ...deafListener,
    onEstablished: () => void (this.#isEstablished = true),
    onOpened: (kind) => {
      for (let id; (id = this.#engine.acceptStream(kind)) !== undefined;) this.#read(id);
    },
    onReadable: (id) => this.#read(id),
    onStopped: (id, errorCode) => {
      const answer = this.#answers.get(id);
      if (answer) answer.stoppedWith ??= errorCode;
    },
  };

  #read(id: number): void {
    const answer = this.#answers.get(id);
    for (let read; this.#reads && (read = this.#engine.streamReceive(id, this.#buffer));) {
      if ("abortedWith" in read) {
        if (answer) answer.resetWith = read.abortedWith;
        return;
      }
      answer?.bytes.push(Buffer.from(this.#buffer.subarray(0, read.bytes)));
      if (answer && read.fin) answer.hasEnded = true;
      if (read.fin) return;
    }
  }
}
