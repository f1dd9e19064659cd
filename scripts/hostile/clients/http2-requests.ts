import { type ClientHttp2Session, connect, type OutgoingHttpHeaders } from "node:http2";
import type { Target } from "../attack.ts";

/** A connection to the relay's HTTP/2 server for requests of which only the status counts. The caller closes it. */
export class Http2Requests {
  readonly #session: ClientHttp2Session;

  constructor({ host, port, certificate }: Target) {
    this.#session = connect(`https://${host}:${port}`, { ca: certificate });
    this.#session.on("error", () => undefined);
  }

  get isOpen(): boolean {
    return !this.#session.closed && !this.#session.destroyed;
  }

  /** Sends a request and discards the response. Resolves to the status when the response begins, or to 0 without one. */
  send(headers: OutgoingHttpHeaders, body?: string): Promise<number> {
    if (!this.isOpen) return Promise.resolve(0);
    const { promise, resolve } = Promise.withResolvers<number>();
    const stream = this.#session.request(headers);
    stream.on("response", ({ ":status": status }) => resolve(Number(status)));
    stream.on("error", () => undefined);
    stream.on("close", () => resolve(0));
    stream.resume();
    stream.end(body);
    return promise;
  }

  close(): void {
    this.#session.destroy();
  }
}
