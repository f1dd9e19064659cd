import { maxHttp3UniStreams } from "../../defaults/index.ts";
import { type Http3Fault, UniStreams } from "../../http3/index.ts";
import type { QuicConnection } from "./quic-connection.ts";

/** The open unidirectional streams of a client. A connection has a bounded number of them in its life. */
export class ClientUniStreams {
  readonly #connection: QuicConnection;
  readonly #reader = new UniStreams("client");
  readonly #open = new Set<number>();
  #left = maxHttp3UniStreams;

  constructor(connection: QuicConnection) {
    this.#connection = connection;
  }

  /** Opens a stream. Returns `false` if there have been too many. */
  begin(streamId: number): boolean {
    this.#open.add(streamId);
    return this.#left-- > 0;
  }

  has(streamId: number): boolean {
    return this.#open.has(streamId);
  }

  /** Reads the next bytes of a stream, and stops one that is not to be read on. Returns the client's error. */
  receive(streamId: number, piece: Uint8Array, hasEnded: boolean): Http3Fault | undefined {
    const verdict = this.#reader.push(streamId, piece);
    if (verdict && "scope" in verdict) return verdict;
    if (verdict) this.#connection.stop(streamId, verdict.stop);
    return verdict || hasEnded ? this.end(streamId) : undefined;
  }

  /** Ends a stream. Returns the client's error if the connection needs it. */
  end(streamId: number): Http3Fault | undefined {
    this.#open.delete(streamId);
    return this.#reader.end(streamId);
  }
}
