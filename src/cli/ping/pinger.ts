import { setTimeout as delay } from "node:timers/promises";
import { QuicpipeError } from "../../errors.ts";
import type { CloseInfo, Connection, ConnectionPath } from "../../peer/index.ts";
import { encodePing, parsePing, pingBytes } from "./protocol.ts";

/** One ping, and what became of it. */
export interface Ping {
  readonly seq: number;
  /** The path that it took, the same one there and back if that is a direct one. `"both"`: packets took both, and either may have been faster. */
  readonly path: ConnectionPath["kind"] | "both";
  /** Where it was sent: the relay, or the other peer. */
  readonly remote: string;
  /** Time until it was back, in ms; `null` if it was not. */
  readonly rttMs: number | null;
}

/** Time for a ping to come back, in ms: longer than a change of the path, and than any round trip on earth. */
const answerMs = 2000;

/** Sends pings over a connection, one at a time. The caller closes the connection. */
export class Pinger {
  readonly #connection: Connection;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  /** Rejects when the connection ends, in whatever way. */
  readonly #ended: Promise<never>;
  #back: (seq: number) => void = () => undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#writer = connection.datagrams.writable.getWriter();
    this.#ended = connection.closed.then((info) => {
      throw endedError(info);
    });
    // It is waited for during a ping and in a pause, not between.
    this.#ended.catch(() => undefined);
    this.#receive().catch(() => undefined);
  }

  /** @throws ERR_QUICPIPE_CONNECTION_CLOSED, or another error with which the connection ends first. */
  async ping(seq: number): Promise<Ping> {
    const before = this.#connection.path;
    const startMs = performance.now();
    const lost = Promise.withResolvers<false>();
    const timer = setTimeout(lost.resolve, answerMs, false);
    const isBack = await Promise.race([this.#exchange(seq), lost.promise, this.#ended]).finally(() =>
      clearTimeout(timer),
    );
    const rttMs = isBack ? Math.round((performance.now() - startMs) * 10) / 10 : null;
    return { seq, ...taken(before, this.#connection.path), rttMs };
  }

  /** The path that the connection takes now. */
  get path(): ConnectionPath {
    return this.#connection.path;
  }

  /** Waits between pings. @throws as {@link ping}. */
  async pause(ms: number): Promise<void> {
    await Promise.race([delay(ms, undefined, { ref: false }), this.#ended]);
  }

  async #exchange(seq: number): Promise<true> {
    if (this.#connection.datagrams.maxDatagramSize < pingBytes) return await this.#exchangeByStream(seq);
    const { promise, resolve } = Promise.withResolvers<true>();
    this.#back = (answered) => answered === seq && resolve(true);
    await this.#writer.write(encodePing(seq));
    return await promise;
  }

  /** Where the other peer takes no datagrams. */
  async #exchangeByStream(seq: number): Promise<true> {
    const { readable, writable } = await this.#connection.createBidirectionalStream();
    // The other peer ends the stream when it has sent the bytes back.
    await Promise.all([write(writable, encodePing(seq)), readable.pipeTo(new WritableStream())]);
    return true;
  }

  async #receive(): Promise<void> {
    for await (const datagram of this.#connection.datagrams.readable) {
      const seq = parsePing(datagram);
      if (seq !== undefined) this.#back(seq);
    }
  }
}

/** One that left by the relay, or was back only after the relay had its packets again, has taken the relay. */
function taken(before: ConnectionPath, after: ConnectionPath): Pick<Ping, "path" | "remote"> {
  const { kind, remote } = before.kind === "relay" ? before : after;
  const isMirrored = before.isMirrored || after.isMirrored;
  return { path: kind === "direct" && isMirrored ? "both" : kind, remote };
}

async function write(writable: WritableStream<Uint8Array>, bytes: Uint8Array): Promise<void> {
  const writer = writable.getWriter();
  await writer.write(bytes);
  await writer.close();
}

function endedError({ closeCode, reason }: CloseInfo): QuicpipeError {
  const message = `the other side was ended between two pings${reason && `: ${reason}`}`;
  return new QuicpipeError("ERR_QUICPIPE_CONNECTION_CLOSED", message, { details: { closeCode, reason } });
}
