import { VarintReader } from "../wire/varint.ts";
import { ControlStream, type Side } from "./control-stream.ts";
import { connectionFault, http3Code, type Http3Fault } from "./fault.ts";
import { QpackDecoderStream, QpackEncoderStream } from "./qpack/streams.ts";

/** Unidirectional stream types (RFC 9114 §6.2, RFC 9204 §4.2). */
export const streamType = { control: 0x00, push: 0x01, qpackEncoder: 0x02, qpackDecoder: 0x03 } as const;

/** Reads a unidirectional stream after its type. */
interface UniStream {
  push(bytes: Uint8Array): Http3Fault | undefined;
}

/** Streams that a connection has one of each, and needs as long as it lives (RFC 9114 §6.2.1, RFC 9204 §4.2). */
const criticalStreams: ReadonlyMap<number, (of: Side) => UniStream> = new Map<
  number,
  (of: Side) => UniStream
>([
  [streamType.control, (of) => new ControlStream(of)],
  [streamType.qpackEncoder, () => new QpackEncoderStream()],
  [streamType.qpackDecoder, () => new QpackDecoderStream()],
]);

/** A stream of an unknown type. Its bytes are ignored until the other side has stopped. */
const ignored: UniStream = { push: () => undefined };

/** Reads the unidirectional streams of one connection that its other side has opened. It keeps some bytes for each open stream. */
export class UniStreams {
  readonly #of: Side;
  readonly #streams = new Map<number, VarintReader | UniStream>();
  readonly #seen = new Set<number>();
  #control: ControlStream | undefined;

  /** @param of whose streams they are. */
  constructor(of: Side) {
    this.#of = of;
  }

  /** ID of the latest GOAWAY (RFC 9114 §5.2); infinite before. */
  get goAwayId(): number {
    return this.#control?.goAwayId ?? Infinity;
  }

  /**
   * Takes the next bytes of a stream.
   *
   * @returns a fault of the other side; or, once for a stream of an unknown type, the code with which to ask it to stop
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
    if (type === streamType.push) return this.#refusePush();
    const stream = criticalStreams.get(type)?.(this.#of);
    this.#streams.set(streamId, stream ?? ignored);
    if (!stream) return { stop: http3Code.streamCreationError };
    if (this.#seen.has(type)) return creationError(`a second stream of type ${type}`);
    this.#seen.add(type);
    if (stream instanceof ControlStream) this.#control = stream;
    return undefined;
  }

  /** RFC 9114 §4.6 and §6.2.2: a client cannot push, and no server is allowed to. */
  #refusePush(): Http3Fault {
    if (this.#of === "client") return creationError("a client pushes");
    return connectionFault(http3Code.idError, "a server pushes, which is not allowed");
  }
}

function creationError(why: string): Http3Fault {
  return connectionFault(http3Code.streamCreationError, why);
}
