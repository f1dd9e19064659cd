import type { QuicpipeError } from "../../errors.ts";
import type { EngineConnection } from "../engine/contract.ts";
import { StreamReader } from "./stream-reader.ts";
import { StreamWriter } from "./stream-writer.ts";

/** Both directions of a stream. The shape of W3C's `WebTransportBidirectionalStream`. */
export interface BidirectionalStream {
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly writable: WritableStream<Uint8Array>;
}

type Kind = "bidirectional" | "unidirectional";

/** This peer's sides of one stream. */
interface Entry {
  readonly reader: StreamReader | undefined;
  readonly writer: StreamWriter | undefined;
}

/** A caller that waits for the other side to allow one more stream. */
interface Opening {
  readonly resolve: (entry: Entry) => void;
  readonly reject: (error: QuicpipeError) => void;
}

/** All streams of one connection, with IDs as in RFC 9000 §2.1. */
export class Streams {
  readonly incomingBidirectional: ReadableStream<BidirectionalStream>;
  readonly incomingUnidirectional: ReadableStream<ReadableStream<Uint8Array<ArrayBuffer>>>;
  readonly #engine: EngineConnection;
  readonly #wake: () => void;
  /** Initiator bit in the IDs of this side's streams. */
  readonly #ownBit: 0 | 1;
  readonly #entries = new Map<number, Entry>();
  readonly #openings: Record<Kind, Opening[]> = { bidirectional: [], unidirectional: [] };
  readonly #opened: Record<Kind, number> = { bidirectional: 0, unidirectional: 0 };
  readonly #accepted: Record<Kind, number> = { bidirectional: 0, unidirectional: 0 };
  #bidirectional: ReadableStreamDefaultController<BidirectionalStream> | undefined;
  #unidirectional: ReadableStreamDefaultController<ReadableStream<Uint8Array<ArrayBuffer>>> | undefined;
  #ended: QuicpipeError | undefined;

  constructor(engine: EngineConnection, role: "client" | "server", wake: () => void) {
    this.#engine = engine;
    this.#wake = wake;
    this.#ownBit = role === "client" ? 0 : 1;
    this.incomingBidirectional = new ReadableStream({ start: (it) => void (this.#bidirectional = it) });
    this.incomingUnidirectional = new ReadableStream({ start: (it) => void (this.#unidirectional = it) });
  }

  async openBidirectional(): Promise<BidirectionalStream> {
    const { reader, writer } = await this.#open("bidirectional");
    return { readable: reader!.readable, writable: writer!.writable };
  }

  async openUnidirectional(): Promise<WritableStream<Uint8Array>> {
    return (await this.#open("unidirectional")).writer!.writable;
  }

  /** Moves data both ways. Called after packets came in. */
  progress(): void {
    for (const id of this.#engine.readableStreams()) this.#read(id);
    for (const id of this.#engine.writableStreams()) this.#entries.get(id)?.writer?.progress();
    for (const [id, { reader, writer }] of this.#entries) {
      // The engine may know the end of a stream without listing the stream as readable.
      reader?.progress();
      if ((reader?.done ?? true) && (writer?.done ?? true)) this.#entries.delete(id);
    }
    this.#openWaiting("bidirectional");
    this.#openWaiting("unidirectional");
  }

  /** Ends all streams with an error, and the lists of incoming streams too unless the end was `clean`. */
  end(error: QuicpipeError, clean: boolean): void {
    if (this.#ended) return;
    this.#ended = error;
    for (const { reader, writer } of this.#entries.values()) {
      reader?.fail(error);
      writer?.fail(error);
    }
    this.#entries.clear();
    for (const opening of Object.values(this.#openings).flat()) opening.reject(error);
    for (const incoming of [this.#bidirectional, this.#unidirectional]) {
      if (clean) incoming?.close();
      else incoming?.error(error);
    }
  }

  #open(kind: Kind): Promise<Entry> {
    const { promise, resolve, reject } = Promise.withResolvers<Entry>();
    if (this.#ended) reject(this.#ended);
    else this.#openings[kind].push({ resolve, reject });
    this.#openWaiting(kind);
    return promise;
  }

  #openWaiting(kind: Kind): void {
    const waiting = this.#openings[kind];
    while (waiting.length > 0 && this.#engine.streamsLeft(kind) > 0) {
      const id = streamId(kind, this.#ownBit, this.#opened[kind]++);
      // The engine counts a stream from its first send, so `streamsLeft` is right the next time.
      this.#engine.streamSend(id, new Uint8Array(), false);
      waiting.shift()!.resolve(this.#create(id));
    }
  }

  #read(id: number): void {
    if ((id & 1) !== this.#ownBit) this.#acceptUpTo(id);
    this.#entries.get(id)?.reader?.progress();
  }

  /** A stream opens all lower-numbered streams of its kind (RFC 9000 §2.1). */
  #acceptUpTo(id: number): void {
    const kind = (id & 2) === 0 ? "bidirectional" : "unidirectional";
    while (this.#accepted[kind] <= id >> 2) {
      const next = streamId(kind, this.#ownBit === 0 ? 1 : 0, this.#accepted[kind]++);
      const { reader, writer } = this.#create(next);
      const { readable } = reader!;
      if (writer) this.#bidirectional?.enqueue({ readable, writable: writer.writable });
      else this.#unidirectional?.enqueue(readable);
    }
  }

  /** Creates this peer's sides of a stream, as its ID has them: a unidirectional one is written to by its opener alone. */
  #create(id: number): Entry {
    const isOwn = (id & 1) === this.#ownBit;
    const isBidirectional = (id & 2) === 0;
    const entry: Entry = {
      reader: isBidirectional || !isOwn ? new StreamReader(this.#engine, id, this.#wake) : undefined,
      writer: isBidirectional || isOwn ? new StreamWriter(this.#engine, id, this.#wake) : undefined,
    };
    this.#entries.set(id, entry);
    return entry;
  }
}

function streamId(kind: Kind, openerBit: 0 | 1, index: number): number {
  return index * 4 + (kind === "unidirectional" ? 2 : 0) + openerBit;
}
