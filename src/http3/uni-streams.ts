import { VarintReader } from "../wire/varint.ts";
import { ControlStream } from "./control-stream.ts";
import { connectionFault, http3Code, type Http3Fault } from "./fault.ts";
import { QpackDecoderStream, QpackEncoderStream } from "./qpack/streams.ts";

/** Unidirectional stream types (RFC 9114 §6.2, RFC 9204 §4.2). */
export const streamType = { control: 0x00, push: 0x01, qpackEncoder: 0x02, qpackDecoder: 0x03 } as const;

/** Reads a unidirectional stream after its type. */
interface UniStream {
  push(bytes: Uint8Array): Http3Fault | undefined;
}

/** Streams that a connection has one of each, and needs as long as it lives (RFC 9114 §6.2.1, RFC 9204 §4.2). */
const criticalStreams: ReadonlyMap<number, () => UniStream> = new Map([
  [streamType.control, () => new ControlStream()],
  [streamType.qpackEncoder, () => new QpackEncoderStream()],
  [streamType.qpackDecoder, () => new QpackDecoderStream()],
]);

/** A stream of an unknown type. Its bytes are ignored until the client has stopped. */
const ignored: UniStream = { push: () => undefined };

/** Reads the unidirectional streams of one client's connection. It keeps some bytes for each open stream. */
export class UniStreams {
  readonly #streams = new Map<number, VarintReader | UniStream>();
  readonly #seen = new Set<number>();

  /**
   * Takes the next bytes of a stream.
   *
   * @returns a fault of the client; or, once for a stream of an unknown type, the code with which to ask the client to stop it
   *   (RFC 9114 §6.2).
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

  /** Takes the end or reset of a stream, which may come before its type is known (RFC 9114 §6.2). */
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
