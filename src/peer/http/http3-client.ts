import * as defaults from "../../defaults/index.ts";
import type { QuicpipeError } from "../../errors.ts";
import { connectionFault, http3Code, type Http3Fault, settingsStream } from "../../http3/index.ts";
import type { EngineListener, StreamKind } from "../engine/contract.ts";
import type { Exchange } from "./exchange.ts";
import { unreachable } from "./http3-error.ts";
import { Outgoing, type StreamEngine } from "./outgoing.ts";
import { RequestStream } from "./request-stream.ts";
import { ServerStreams } from "./server-streams.ts";

/** Callbacks of an {@link Http3Client}. */
export interface Http3ClientOwner {
  /** Called at each GOAWAY (RFC 9114 §5.2). */
  onGoaway(): void;
  /** Called when the relay has broken HTTP/3. The connection has to be closed with the fault's code. */
  onFault(fault: Http3Fault): void;
}

/** A request, and its stream once there is one. */
interface Request {
  readonly exchange: Exchange;
  readonly frames: Uint8Array;
  id: number | undefined;
}

type StreamListener = Pick<
  EngineListener,
  "onOpened" | "onReadable" | "onWritable" | "onStopped" | "onAllowed"
>;

/** The client's side of HTTP/3 (RFC 9114) on one QUIC connection: no clock, no I/O. Responses come into exchanges. */
export class Http3Client implements StreamListener {
  readonly #engine: StreamEngine;
  readonly #owner: Http3ClientOwner;
  readonly #serverStreams: ServerStreams;
  /** By the IDs of their streams. */
  readonly #streams = new Map<number, RequestStream>();
  /** Requests without a stream. */
  readonly #waiting = new Set<Request>();
  #controlId: number | undefined;
  #control: Outgoing | undefined;
  #goAwayId = Infinity;

  constructor(engine: StreamEngine, owner: Http3ClientOwner) {
    this.#engine = engine;
    this.#owner = owner;
    this.#serverStreams = new ServerStreams(engine);
  }

  /** Whether no request is under way. */
  get isIdle(): boolean {
    return this.#streams.size + this.#waiting.size === 0;
  }

  /** Sends the settings. Called once the connection is established. */
  start(): void {
    this.#openControl();
  }

  /**
   * Makes a request as soon as the relay allows one more stream.
   *
   * @param frames all bytes of the request.
   * @returns gives the request up, if it is not over, and forgets it.
   */
  request(exchange: Exchange, frames: Uint8Array): () => void {
    const request: Request = { exchange, frames, id: undefined };
    this.#waiting.add(request);
    this.onAllowed("bidirectional");
    return () => this.#forget(request);
  }

  /** Fails all requests. @param error makes the error of one; `sent` is whether it may have been carried out. */
  fail(error: (sent: boolean) => QuicpipeError): void {
    for (const { exchange } of this.#waiting) exchange.fail(error(false));
    for (const stream of this.#streams.values()) stream.fail(error(true));
  }

  onAllowed(kind: StreamKind): void {
    if (kind === "unidirectional") return this.#openControl();
    for (const request of this.#waiting) {
      const id = this.#engine.openStream(kind);
      if (id === undefined) return;
      this.#begin(request, id);
    }
  }

  onOpened(kind: StreamKind): void {
    if (kind === "unidirectional") return this.#look(this.#serverStreams.accept());
    // RFC 9114 §6.1
    this.#look(connectionFault(http3Code.streamCreationError, "a server opened a stream for requests"));
  }

  onReadable(id: number): void {
    const stream = this.#streams.get(id);
    this.#look(stream ? stream.read() : this.#serverStreams.read(id));
  }

  onWritable(id: number): void {
    if (id === this.#controlId) this.#control?.progress();
    else this.#streams.get(id)?.write();
  }

  onStopped(id: number, errorCode: number): void {
    if (id !== this.#controlId) return this.#streams.get(id)?.stopped(errorCode);
    this.#look(connectionFault(http3Code.closedCriticalStream, "the control stream was stopped"));
  }

  #openControl(): void {
    if (this.#control) return;
    this.#controlId = this.#engine.openStream("unidirectional");
    if (this.#controlId === undefined) return;
    const settings = settingsStream({ maxFieldSectionBytes: defaults.maxAnswerHeaderBytes });
    this.#control = new Outgoing(this.#engine, this.#controlId, settings, false);
    this.#control.progress();
  }

  #begin(request: Request, id: number): void {
    this.#waiting.delete(request);
    request.id = id;
    const stream = new RequestStream(this.#engine, id, request.exchange, request.frames);
    this.#streams.set(id, stream);
    stream.write();
  }

  #forget(request: Request): void {
    this.#waiting.delete(request);
    if (request.id === undefined) return;
    this.#streams.get(request.id)?.cancel();
    this.#streams.delete(request.id);
  }

  /** Looks at what reading has come to: a fault, or GOAWAY. */
  #look(fault: Http3Fault | undefined): void {
    if (fault) return this.#owner.onFault(fault);
    const { goAwayId } = this.#serverStreams;
    if (goAwayId === this.#goAwayId) return;
    this.#goAwayId = goAwayId;
    this.#goAway();
  }

  /** Leaves the requests that the relay carries out to be answered. The others are another session's (RFC 9114 §5.2). */
  #goAway(): void {
    const gone = leftOut();
    for (const { exchange } of this.#waiting) exchange.fail(gone);
    for (const [id, stream] of this.#streams) if (id >= this.#goAwayId) stream.fail(gone);
    this.#owner.onGoaway();
  }
}

/** Returns the error of a request that the relay has not carried out, as it ends the session. */
export function leftOut(): QuicpipeError {
  return unreachable("it takes no more requests in this session", false);
}
