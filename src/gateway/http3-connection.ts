import type { Http3ServerSession, ServerHttp3Stream } from "@currentspace/http3";
import { gatewayConnectionIdleMs, maxStoppedStreams } from "../defaults.ts";
import { http3Code } from "../http3/index.ts";
import { holdStream } from "./held-stream.ts";
import { OpenRequests, type OpenRequestsOptions } from "./open-requests.ts";
import { Outbox } from "./outbox.ts";
import type { FieldMap } from "./request-head.ts";

/** What a {@link Http3Connection} is made with. */
export interface Http3ConnectionOptions extends Omit<OpenRequestsOptions, "ip" | "idle"> {
  /** The QUIC connection; absent for those over TCP, which count as one. */
  readonly session: Http3ServerSession | undefined;
}

const idle = { limitMs: gatewayConnectionIdleMs, firstMs: gatewayConnectionIdleMs };

/** One client's connection, with the requests that are open on it. */
export class Http3Connection {
  readonly #options: Http3ConnectionOptions;
  readonly #outbox: Outbox | undefined;
  readonly #requests: OpenRequests;
  #stopped = 0;

  constructor(options: Http3ConnectionOptions) {
    this.#options = options;
    const { session, budget } = options;
    this.#outbox = session && new Outbox(session, budget.outbox, (full) => budget.holdUp(full));
    this.#requests = new OpenRequests({ ...options, ip: session?.remoteAddress, idle });
  }

  /** Takes a new request. */
  open(stream: ServerHttp3Stream, fields: FieldMap, hasEnded: boolean): void {
    const hasRoom = this.#requests.open(fields, 0, () => {
      const release = holdStream(stream);
      return {
        stream,
        hasEnded,
        outbox: this.#outbox,
        onClose: (isStopped) => {
          release();
          if (isStopped) this.#countStopped();
        },
      };
    });
    if (!hasRoom) this.#reject(stream);
  }

  /** Ends what has taken too long, and asks what has been sent. */
  sweep(nowMs: number): void {
    const isIdle = this.#requests.sweep(nowMs);
    this.#outbox?.sweep();
    if (isIdle) this.end(http3Code.noError);
  }

  /** Ends the connection, with a word to the client. */
  end(code: number): void {
    const { session, faults } = this.#options;
    session
      ?.close(code)
      .catch((err) =>
        faults.write("info", "connection-failed", "a connection did not close", { why: String(err) }),
      );
  }

  /** The connection has ended. */
  close(): void {
    this.#requests.close();
    this.#outbox?.close();
  }

  #reject(stream: ServerHttp3Stream): void {
    // The client may ask again, as nothing was done (RFC 9114 §4.1.1).
    stream.on("error", () => undefined).close(http3Code.requestRejected);
    this.#countStopped();
  }

  /** The library forgets a stream that was stopped only with its connection. */
  #countStopped(): void {
    if (++this.#stopped === maxStoppedStreams) this.end(http3Code.excessiveLoad);
  }
}
