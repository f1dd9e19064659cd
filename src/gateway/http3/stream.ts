import { EventEmitter } from "node:events";
import { dataFrameHead, headersFrame } from "../../http3/index.ts";
import type { ExchangeStream, ResponseFields } from "../exchange/stream.ts";
import type { QuicConnection } from "./quic-connection.ts";
import { withoutConnectionFields } from "../exchange/request-head.ts";

const noBytes = Buffer.alloc(0);

/** A request's stream on a QUIC connection. The reader of its frames emits its events. */
export class Http3ServerStream extends EventEmitter implements ExchangeStream {
  readonly #connection: QuicConnection;
  readonly #id: number;
  readonly #onClose: (code: number) => void;

  /** @param onClose stops the stream both ways. */
  constructor(connection: QuicConnection, id: number, onClose: (code: number) => void) {
    super();
    this.#connection = connection;
    this.#id = id;
    this.#onClose = onClose;
  }

  respond(fields: ResponseFields): void {
    this.#connection.send(this.#id, headersFrame(withoutConnectionFields(fields)), false);
  }

  write(piece: Buffer, done: () => void): void {
    this.#connection.send(this.#id, dataFrameHead(piece.length), false);
    this.#connection.send(this.#id, piece, false);
    done();
  }

  end(done: () => void): void {
    this.#connection.send(this.#id, noBytes, true);
    done();
  }

  close(code: number): void {
    this.#onClose(code);
  }
}
