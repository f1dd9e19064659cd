import { requireInteger, requireOptions, requireText } from "../../option-checks.ts";
import type { CloseInfo } from "./error.ts";
import { applicationName } from "../path/control/control-stream.ts";
import type { ConnectionPathEvent } from "../path/path-feed.ts";
import type { ConnectionPath } from "./connection-path.ts";
import type { Datagrams } from "./datagrams.ts";
import type { EngineStats } from "../engine/contract.ts";
import type { QuicConnection } from "./quic-connection.ts";
import type { BidirectionalStream } from "./streams.ts";

/** Figures of one connection: the members of W3C's `WebTransportConnectionStats` that the engine has, and some more. */
export interface ConnectionStats extends EngineStats {
  readonly datagrams: {
    /** Datagrams that were dropped as the application did not read them in time. */
    readonly droppedIncoming: number;
  };
  /** Packets that were mangled, forged or of another QUIC version. */
  readonly packetsRefused: number;
}

/** One connection between two peers, in the shape of W3C's `WebTransport`. The caller that receives it closes it. */
export class Connection {
  readonly #connection: QuicConnection;

  /** Internal: `Peer` creates connections. */
  constructor(connection: QuicConnection) {
    this.#connection = connection;
  }

  /** Resolves when both sides have accepted each other. Rejects with the reason if they do not. */
  get ready(): Promise<void> {
    return this.#connection.milestones.ready;
  }

  /**
   * Resolves when either application closed the connection; rejects with ERR_QUICPIPE_CONNECTION_LOST,
   * ERR_QUICPIPE_HANDSHAKE_FAILED or ERR_QUICPIPE_PIN_MISMATCH if it ended otherwise.
   */
  get closed(): Promise<CloseInfo> {
    return this.#connection.milestones.closed;
  }

  /**
   * Resolves when the connection is about to end: the relay has announced its end (GOAWAY, or a refusal with
   * ERR_QUICPIPE_DRAINING), or either side has closed. The relay's announcement comes by HTTP: a peer
   * that has not asked the relay for anything in the last minute may not hear of it.
   */
  get draining(): Promise<void> {
    return this.#connection.milestones.draining;
  }

  /** The path that the connection's packets take now: by the relay, or direct. */
  get path(): ConnectionPath {
    return this.#connection.paths.current;
  }

  /** What happens to the paths of the connection, from now until it ends. Each iteration gets all of it. */
  get paths(): AsyncIterable<ConnectionPathEvent> {
    return this.#connection.paths.feed;
  }

  /** The application protocol that both peers agreed on (RFC 7301); empty before {@link ready}. */
  get protocol(): string {
    return applicationName(this.#connection.engine.applicationProtocol());
  }

  /** The other peer's name in the mailbox; `undefined` if the first flight came another way. */
  get remoteName(): string | undefined {
    return this.#connection.remoteName;
  }

  /** Pin of the other peer's key (`sha256/…`); `undefined` if it presented no certificate. */
  get remotePin(): string | undefined {
    return this.#connection.remotePin;
  }

  /** Datagrams to and from the other peer (RFC 9221), unreliable and unordered. */
  get datagrams(): Datagrams {
    return this.#connection.datagrams;
  }

  /** Streams that the other peer opens. */
  get incomingBidirectionalStreams(): ReadableStream<BidirectionalStream> {
    return this.#connection.streams.incomingBidirectional;
  }

  /** Streams that the other peer opens and that only it writes to. */
  get incomingUnidirectionalStreams(): ReadableStream<ReadableStream<Uint8Array<ArrayBuffer>>> {
    return this.#connection.streams.incomingUnidirectional;
  }

  /**
   * Opens a stream. Waits while the other peer allows no more streams. The other peer learns of the stream with its
   * first bytes.
   *
   * @throws ERR_QUICPIPE_CONNECTION_CLOSED, or another error with which the connection ends first.
   */
  async createBidirectionalStream(): Promise<BidirectionalStream> {
    await this.#connection.milestones.ready;
    return await this.#connection.streams.openBidirectional();
  }

  /** Opens a stream that only this peer writes to; otherwise as {@link createBidirectionalStream}. */
  async createUnidirectionalStream(): Promise<WritableStream<Uint8Array>> {
    await this.#connection.milestones.ready;
    return await this.#connection.streams.openUnidirectional();
  }

  /**
   * Closes the connection: for this side at once, for the other peer when it has acknowledged the stream data given
   * before, or after a second at most. Data that its application has not read by then is lost, so let the other peer
   * close if that matters. Idempotent.
   *
   * @param info `closeCode` is 0 if absent; `reason` is cut to 1024 bytes.
   * @throws ERR_QUICPIPE_OPTION_INVALID, also if `closeCode` is not a whole number from 0 to 2³² − 1.
   */
  close(info?: Partial<CloseInfo>): void {
    const { closeCode, reason } = requireOptions("close(…)", info, { closeCode: true, reason: true });
    const code = requireInteger("closeCode", closeCode, { min: 0, max: 0xffff_ffff, fallback: 0 });
    const text = requireText("reason", reason, "text", () => true) ?? "";
    this.#connection.close({ closeCode: code, reason: cut(text) });
  }

  /** Closes the connection with code 0, and resolves when CONNECTION_CLOSE has been sent to the other peer. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.#connection.closeSent;
  }

  /** Returns the figures of the connection so far. */
  async getStats(): Promise<ConnectionStats> {
    const { engine, packetsRefused, datagrams } = this.#connection;
    return { ...engine.stats(), packetsRefused, datagrams: { droppedIncoming: datagrams.dropped } };
  }
}

const maxReasonBytes = 1024;

/** Cuts a reason to 1024 bytes at the end of a character (W3C WebTransport, `close()`). */
function cut(reason: string): string {
  const { read } = new TextEncoder().encodeInto(reason, new Uint8Array(maxReasonBytes));
  return reason.slice(0, read);
}
