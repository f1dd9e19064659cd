import type { QuicpipeError } from "../../errors.ts";
import type { EngineConnection, StreamKind } from "../engine/contract.ts";
import type { ControlStream } from "../path/control/control-stream.ts";
import { LateReadable } from "./late-readable.ts";
import { StreamReader } from "./stream-reader.ts";
import { StreamWriter } from "./stream-writer.ts";

/** Both directions of a stream. The shape of W3C's `WebTransportBidirectionalStream`. */
export interface BidirectionalStream {
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly writable: WritableStream<Uint8Array>;
}

/** One stream waits for the application, the others for it to be read. */
const oneAhead = { highWaterMark: 1 };

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
  readonly #engine: EngineConnection;
  readonly #wake: () => void;
  /** The peers' own stream, which the application does not see. */
  readonly #control: Pick<ControlStream, "accept" | "claims" | "read" | "write">;
  /** Initiator bit in the IDs of this side's streams. */
  readonly #ownBit: 0 | 1;
  readonly #entries = new Map<number, Entry>();
  readonly #openings: Record<StreamKind, Opening[]> = { bidirectional: [], unidirectional: [] };
  /** Whether streams may be opened: both sides have accepted each other. */
  #isOpen = false;
  readonly #bidirectional: LateReadable<BidirectionalStream>;
  readonly #unidirectional: LateReadable<ReadableStream<Uint8Array<ArrayBuffer>>>;
  #ended: QuicpipeError | undefined;

  constructor(
    engine: EngineConnection,
    role: "client" | "server",
    control: Pick<ControlStream, "accept" | "claims" | "read" | "write">,
    wake: () => void,
  ) {
    this.#engine = engine;
    this.#control = control;
    this.#wake = wake;
    this.#ownBit = role === "client" ? 0 : 1;
    this.#bidirectional = new LateReadable(() => this.#take("bidirectional"), oneAhead);
    this.#unidirectional = new LateReadable(() => this.#take("unidirectional"), oneAhead);
  }

  get incomingBidirectional(): ReadableStream<BidirectionalStream> {
    return this.#bidirectional.readable;
  }

  get incomingUnidirectional(): ReadableStream<ReadableStream<Uint8Array<ArrayBuffer>>> {
    return this.#unidirectional.readable;
  }

  async openBidirectional(): Promise<BidirectionalStream> {
    const { reader, writer } = await this.#open("bidirectional");
    return { readable: reader!.readable, writable: writer!.writable };
  }

  async openUnidirectional(): Promise<WritableStream<Uint8Array>> {
    return (await this.#open("unidirectional")).writer!.writable;
  }

  /** Lets streams be opened. */
  open(): void {
    this.#isOpen = true;
    this.allow("bidirectional");
    this.allow("unidirectional");
  }

  /**
   * Takes a stream that the other side has opened, if the application waits for one. Until then the engine counts the stream
   * against those that the other side may open, so that they do not pile up.
   */
  accept(kind: StreamKind): void {
    if (kind === "bidirectional") this.#control.accept();
    const incoming = kind === "bidirectional" ? this.#bidirectional : this.#unidirectional;
    while (incoming.controller && incoming.controller.desiredSize! > 0) {
      const id = this.#engine.acceptStream(kind);
      if (id === undefined) return;
      const { reader, writer } = this.#create(id);
      const { readable } = reader!;
      if (writer) this.#bidirectional.controller!.enqueue({ readable, writable: writer.writable });
      else this.#unidirectional.controller!.enqueue(readable);
      this.read(id);
    }
  }

  /** Reads from a stream on which something has come. */
  read(id: number): void {
    if (this.#control.claims(id)) return this.#control.read();
    this.#entries.get(id)?.reader?.progress();
    this.#settle(id);
  }

  /** Writes on a stream that takes data again. */
  write(id: number): void {
    if (this.#control.claims(id)) return this.#control.write();
    this.#entries.get(id)?.writer?.progress();
    this.#settle(id);
  }

  /** Ends the writing of a stream that the other side no longer reads. */
  stopped(id: number, errorCode: number): void {
    this.#entries.get(id)?.writer?.stopped(errorCode);
    this.#settle(id);
  }

  /** Opens the streams that callers wait for, as far as the other side allows. */
  allow(kind: StreamKind): void {
    const waiting = this.#openings[kind];
    while (this.#isOpen && waiting.length > 0) {
      const id = this.#engine.openStream(kind);
      if (id === undefined) return;
      waiting.shift()!.resolve(this.#create(id));
    }
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
    for (const incoming of [this.#bidirectional, this.#unidirectional])
      incoming.end(clean ? undefined : error);
  }

  #open(kind: StreamKind): Promise<Entry> {
    const { promise, resolve, reject } = Promise.withResolvers<Entry>();
    if (this.#ended) reject(this.#ended);
    else this.#openings[kind].push({ resolve, reject });
    this.allow(kind);
    return promise;
  }

  /** Takes the next stream for an application that waits for it. */
  #take(kind: StreamKind): void {
    this.accept(kind);
    this.#wake();
  }

  /** Forgets a stream that has ended both ways. */
  #settle(id: number): void {
    const entry = this.#entries.get(id);
    if (entry && (entry.reader?.done ?? true) && (entry.writer?.done ?? true)) this.#entries.delete(id);
  }

  /** Creates this peer's sides of a stream, as its ID has them: a unidirectional one is written to by its opener alone. */
  #create(id: number): Entry {
    const isOwn = id % 2 === this.#ownBit;
    const isBidirectional = id % 4 < 2;
    const wake = (): void => {
      this.#settle(id);
      this.#wake();
    };
    const entry: Entry = {
      reader: isBidirectional || !isOwn ? new StreamReader(this.#engine, id, wake) : undefined,
      writer: isBidirectional || isOwn ? new StreamWriter(this.#engine, id, wake) : undefined,
    };
    this.#entries.set(id, entry);
    return entry;
  }
}
