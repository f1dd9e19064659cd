import { VarintReader } from "../wire/varint.ts";
import { http3Code } from "./codes.ts";
import { ControlStream } from "./control-stream.ts";
import { connectionFault, type Http3Fault } from "./fault.ts";
import { QpackDecoderStream, QpackEncoderStream } from "./qpack/streams.ts";
import { streamType, type UniStream } from "./uni-stream.ts";

/** Streams that a connection has one of, and needs for as long as it lives (RFC 9114 §6.2.1, RFC 9204 §4.2). */
const criticalStreams: ReadonlyMap<number, () => UniStream> = new Map([
  [streamType.control, () => new ControlStream()],
  [streamType.qpackEncoder, () => new QpackEncoderStream()],
  [streamType.qpackDecoder, () => new QpackDecoderStream()],
]);

/** A stream of a type that we do not know: what comes until the client has stopped is not looked at. */
const ignored: UniStream = { push: () => undefined };

/** Reads a client's unidirectional streams. One for each connection; it keeps some bytes of each that is open. */
export class UniStreams {
  readonly #streams = new Map<number, VarintReader | UniStream>();
  readonly #seen = new Set<number>();

  /**
   * Takes the next bytes of a stream.
   *
   * @returns what the client did wrong, or with which code to ask it to stop a stream of a type that we do not know
   * (RFC 9114 §6.2), once.
   */
  push(streamId: number, bytes: Uint8Array): Http3Fault | { readonly stop: number } | undefined {
    const stream = this.#streams.get(streamId) ?? new VarintReader();
    if (!(stream instanceof VarintReader)) return stream.push(bytes);
    this.#streams.set(streamId, stream);
    for (const [at, byte] of bytes.entries()) {
      const type = stream.push(byte);
      if (type !== undefined)
        return this.#open(streamId, type) ?? this.push(streamId, bytes.subarray(at + 1));
    }
    return undefined;
  }

  /** A stream has ended or was reset; before its type is known it may (RFC 9114 §6.2). */
  end(streamId: number): Http3Fault | undefined {
    const stream = this.#streams.get(streamId);
    this.#streams.delete(streamId);
    if (!stream || stream instanceof VarintReader || stream === ignored) return undefined;
    return connectionFault(http3Code.closedCriticalStream, "a stream ended that a connection needs");
  }

  #open(streamId: number, type: number): Http3Fault | { readonly stop: number } | undefined {
    if (type === streamType.push) return creationError("a client pushes");
    const open = criticalStreams.get(type);
    this.#streams.set(streamId, open?.() ?? ignored);
    if (!open) return { stop: http3Code.streamCreationError };
    if (this.#seen.has(type)) return creationError(`a second stream of type ${type}`);
    this.#seen.add(type);
    return undefined;
  }
}

function creationError(why: string): Http3Fault {
  return connectionFault(http3Code.streamCreationError, why);
}
