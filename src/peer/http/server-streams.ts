import * as defaults from "../../defaults/index.ts";
import { http3Code, type Http3Fault, UniStreams } from "../../http3/index.ts";
import type { StreamEngine } from "./outgoing.ts";

const scratch = new Uint8Array(defaults.maxHttp3ControlBytes);

const tooMuch: Http3Fault = {
  scope: "connection",
  code: http3Code.excessiveLoad,
  why: "there is too much beside responses",
};

/** The unidirectional streams that the relay opens. All together are bounded in number and bytes as long as the session lives. */
export class ServerStreams {
  readonly #engine: StreamEngine;
  readonly #reader = new UniStreams("server");
  readonly #open = new Set<number>();
  #streamsLeft = defaults.maxHttp3UniStreams;
  #bytesLeft = defaults.maxHttp3ControlBytes;

  constructor(engine: StreamEngine) {
    this.#engine = engine;
  }

  /** ID of the first request that the relay does not carry out (RFC 9114 §5.2); infinite before GOAWAY. */
  get goAwayId(): number {
    return this.#reader.goAwayId;
  }

  /** Takes the streams that the relay has opened. Returns a fault of the connection. */
  accept(): Http3Fault | undefined {
    for (let id; (id = this.#engine.acceptStream("unidirectional")) !== undefined;) {
      if (this.#streamsLeft-- === 0) return tooMuch;
      this.#open.add(id);
      const fault = this.read(id);
      if (fault) return fault;
    }
    return undefined;
  }

  /** Reads what has come on one of them. Returns a fault of the connection. */
  read(id: number): Http3Fault | undefined {
    while (this.#open.has(id)) {
      const read = this.#engine.streamReceive(id, scratch);
      if (!read) return undefined;
      const isReset = "abortedWith" in read;
      const fault = isReset ? this.#end(id) : this.#take(id, scratch.subarray(0, read.bytes), read.fin);
      if (fault) return fault;
    }
    return undefined;
  }

  #take(id: number, bytes: Uint8Array, hasEnded: boolean): Http3Fault | undefined {
    this.#bytesLeft -= bytes.length;
    if (this.#bytesLeft < 0) return tooMuch;
    const verdict = this.#reader.push(id, bytes);
    if (verdict && "scope" in verdict) return verdict;
    if (verdict) this.#engine.streamAbort(id, "read", verdict.stop);
    return verdict || hasEnded ? this.#end(id) : undefined;
  }

  #end(id: number): Http3Fault | undefined {
    this.#open.delete(id);
    return this.#reader.end(id);
  }
}
