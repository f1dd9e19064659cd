import * as defaults from "../../defaults/index.ts";
import type { QuicpipeError } from "../../errors.ts";
import {
  type Fields,
  http3Code,
  type Http3Fault,
  type MessageHandler,
  ResponseReader,
} from "../../http3/index.ts";
import { type Exchange, tooLong } from "./exchange.ts";
import { unreachable } from "./http3-error.ts";
import { Outgoing, type StreamEngine } from "./outgoing.ts";

/** Buffer for one read. All streams share it, as what is kept of a read is copied at once. */
const scratch = new Uint8Array(defaults.streamReadBytes);

/** Bytes of frames that one byte of content may take: a DATA frame of its own. */
const bytesPerContentByte = 3;

/** More bytes beside content than anybody needs (RFC 9114 §10.5). */
const tooLittleContent: Http3Fault = {
  scope: "stream",
  code: http3Code.excessiveLoad,
  why: "the response has too little content",
};

/** One request on its stream, and the response to it. */
export class RequestStream implements MessageHandler {
  readonly #engine: StreamEngine;
  readonly #id: number;
  readonly #exchange: Exchange;
  readonly #outgoing: Outgoing;
  readonly #reader = new ResponseReader({ maxFieldSectionBytes: defaults.maxAnswerHeaderBytes });
  /** Bytes that may still come beside content: fields, frame headers, and what is ignored. */
  #spareBytes = defaults.maxAnswerHeaderBytes;
  #isReading = true;

  /** @param frames all bytes of the request. */
  constructor(engine: StreamEngine, id: number, exchange: Exchange, frames: Uint8Array) {
    this.#engine = engine;
    this.#id = id;
    this.#exchange = exchange;
    this.#outgoing = new Outgoing(engine, id, frames, true);
  }

  /** Sends as much of the request as there is room for. */
  write(): void {
    this.#outgoing.progress();
  }

  /** Sends no more of the request, whose response may still come (RFC 9114 §4.1). */
  stopped(errorCode: number): void {
    this.#outgoing.stop(errorCode);
  }

  /** Reads what has come. Returns a fault of the whole connection. */
  read(): Http3Fault | undefined {
    while (this.#isReading) {
      const read = this.#engine.streamReceive(this.#id, scratch);
      if (!read) return undefined;
      if ("abortedWith" in read) this.#reset(read.abortedWith);
      else {
        const fault = this.#take(scratch.subarray(0, read.bytes), read.fin);
        if (fault?.scope === "connection") return fault;
        if (fault) this.#refuse(fault);
      }
    }
    return undefined;
  }

  /** Fails the request. */
  fail(error: QuicpipeError): void {
    this.#exchange.fail(error);
  }

  /** Stops the stream both ways, as far as it has not ended. */
  cancel(errorCode: number = http3Code.requestCancelled): void {
    this.#outgoing.stop(errorCode);
    if (this.#isReading) this.#engine.streamAbort(this.#id, "read", errorCode);
    this.#isReading = false;
  }

  fields(fields: Fields): void {
    const headers = Object.entries(fields).flatMap(([name, values]) =>
      [values].flat().map((value) => ({ name, value })),
    );
    this.#exchange.take({ headers });
  }

  data(piece: Uint8Array): void {
    this.#spareBytes += bytesPerContentByte * piece.length;
    this.#exchange.take({ data: piece });
  }

  #take(bytes: Uint8Array, hasEnded: boolean): Http3Fault | undefined {
    this.#spareBytes -= bytes.length;
    const fault =
      this.#reader.push(bytes, this) ?? this.#excess() ?? (hasEnded ? this.#reader.end() : undefined);
    if (fault || !hasEnded) return fault;
    this.#isReading = false;
    this.#exchange.complete();
    return undefined;
  }

  #excess(): Http3Fault | undefined {
    return this.#spareBytes < 0 ? tooLittleContent : undefined;
  }

  #reset(errorCode: number): void {
    this.#isReading = false;
    this.#exchange.fail(unreachable("it reset the request", errorCode !== http3Code.requestRejected));
  }

  #refuse(fault: Http3Fault): void {
    const { code, why } = fault;
    const { name } = this.#exchange;
    const excess = fault === tooLittleContent ? "framing" : "headers";
    if (code === http3Code.excessiveLoad)
      this.#exchange.fail(tooLong(`${excess} of the answer to ${name}`, defaults.maxAnswerHeaderBytes));
    else this.#exchange.fail(unreachable(`its answer to ${name} is no valid HTTP/3, as ${why}`, true));
    this.cancel(code);
  }
}
