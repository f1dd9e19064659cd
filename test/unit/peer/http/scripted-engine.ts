import type { StreamAborted, StreamKind, StreamRead } from "../../../../src/peer/engine/contract.ts";
import type { StreamEngine } from "../../../../src/peer/http/outgoing.ts";

/** What comes on a stream, in order: bytes, then its end or a reset. */
type Piece = Uint8Array | "end" | StreamAborted;

/** What this side has sent on a stream. */
export interface Sent {
  bytes: Buffer;
  hasEnded: boolean;
}

/** The streams of a QUIC client whose other side does what a test says. */
export class ScriptedEngine implements StreamEngine {
  /** Streams that the other side allows. */
  readonly allowed: Record<StreamKind, number> = { bidirectional: 100, unidirectional: 3 };
  /** Bytes that can be sent now, on each stream. */
  room: number = Infinity;
  readonly sent: Map<number, Sent> = new Map();
  readonly aborts: { readonly id: number; readonly direction: string; readonly code: number }[] = [];
  readonly #incoming = new Map<number, Piece[]>();
  readonly #unaccepted = { bidirectional: [] as number[], unidirectional: [] as number[] };
  readonly #stopped = new Map<number, number>();
  readonly #opened = { bidirectional: 0, unidirectional: 0 };
  readonly #theirs = { bidirectional: 0, unidirectional: 0 };

  /** Has pieces come on a stream. */
  bring(id: number, ...pieces: readonly Piece[]): void {
    this.#incoming.set(id, [...(this.#incoming.get(id) ?? []), ...pieces]);
  }

  /** Has the other side open a stream, and returns its ID. */
  open(kind: StreamKind, ...pieces: readonly Piece[]): number {
    const id = this.#theirs[kind]++ * 4 + (kind === "bidirectional" ? 1 : 3);
    this.#unaccepted[kind].push(id);
    this.bring(id, ...pieces);
    return id;
  }

  /** Has the other side send STOP_SENDING. */
  stop(id: number, errorCode: number): void {
    this.#stopped.set(id, errorCode);
  }

  openStream(kind: StreamKind): number | undefined {
    if (this.#opened[kind] >= this.allowed[kind]) return undefined;
    const id = this.#opened[kind]++ * 4 + (kind === "bidirectional" ? 0 : 2);
    this.sent.set(id, { bytes: Buffer.alloc(0), hasEnded: false });
    return id;
  }

  acceptStream(kind: StreamKind): number | undefined {
    return this.#unaccepted[kind].shift();
  }

  streamReceive(id: number, buffer: Uint8Array): StreamRead | StreamAborted | undefined {
    const pieces = this.#incoming.get(id) ?? [];
    const [piece] = pieces;
    if (piece === undefined) return undefined;
    if (!(piece instanceof Uint8Array)) return piece === "end" ? { bytes: 0, fin: true } : piece;
    const bytes = piece.subarray(0, buffer.length);
    buffer.set(bytes);
    const rest = piece.subarray(bytes.length);
    pieces.splice(0, 1, ...(rest.length > 0 ? [rest] : []));
    if (pieces[0] !== "end") return { bytes: bytes.length, fin: false };
    pieces.shift();
    return { bytes: bytes.length, fin: true };
  }

  streamSend(id: number, data: Uint8Array, fin: boolean): number | StreamAborted | undefined {
    const abortedWith = this.#stopped.get(id);
    if (abortedWith !== undefined) return { abortedWith };
    if (this.room === 0) return undefined;
    const taken = data.subarray(0, this.room);
    const sent = this.sent.get(id)!;
    sent.bytes = Buffer.concat([sent.bytes, taken]);
    sent.hasEnded = fin && taken.length === data.length;
    return taken.length;
  }

  streamAbort(id: number, direction: "read" | "write", code: number): void {
    this.aborts.push({ id, direction, code });
  }
}
