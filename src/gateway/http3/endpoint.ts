import { setTimeout as delay } from "node:timers/promises";
import * as defaults from "../../defaults/index.ts";
import { isQuicpipeError, QuicpipeError } from "../../errors.ts";
import type { KeyPair } from "../../files/pem.ts";
import type { Http3Clients } from "./clients.ts";
import type { QuicServer } from "./quic-server.ts";

/** A server with one certificate, and its clients. */
interface Running {
  readonly server: QuicServer;
  readonly clients: Http3Clients;
}

/** The UDP port of the HTTP/3 server, at which one server after another runs: each has the certificate that it began with. */
export class Http3Endpoint {
  readonly #host: string;
  readonly #make: (tls: KeyPair) => Running;
  #running: Running | undefined;
  #port = 0;
  /** Changes take place one after the other. */
  #last: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(host: string, make: (tls: KeyPair) => Running) {
    this.#host = host;
    this.#make = make;
  }

  get port(): number {
    return this.#port;
  }

  /** @throws ERR_QUICPIPE_LISTEN_FAILED if the port is taken; ERR_QUICPIPE_OPTION_INVALID if the library cannot use the pair. */
  async open(tls: KeyPair, port: number): Promise<void> {
    const running = this.#make(tls);
    await running.server.listen(port, this.#host);
    running.clients.watch();
    this.#running = running;
    this.#port = running.server.port;
  }

  /**
   * @throws ERR_QUICPIPE_OPTION_INVALID if the library cannot use the pair: the former one is served on then.
   * @throws ERR_QUICPIPE_LISTEN_FAILED if the port cannot be had again; ERR_QUICPIPE_CLOSED.
   */
  async reload(tls: KeyPair): Promise<void> {
    if (this.#closing) throw new QuicpipeError("ERR_QUICPIPE_CLOSED", "the HTTP/3 server was closed");
    const change = this.#replace(this.#last, tls);
    this.#last = change.catch(() => undefined);
    await change;
  }

  async #replace(before: Promise<void>, tls: KeyPair): Promise<void> {
    await before;
    await this.#try(tls);
    await this.#end();
    await this.#openAgain(tls);
  }

  /** Serves at another port for a moment: the library looks at a pair only where it listens. */
  async #try(tls: KeyPair): Promise<void> {
    const { server, clients } = this.#make(tls);
    try {
      await server.listen(0, this.#host);
      await server.close();
    } finally {
      clients.close();
    }
  }

  /** Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#last.then(() => this.#end());
    return this.#closing;
  }

  /** Tries for a moment: the system may not have let go of the port yet. */
  async #openAgain(tls: KeyPair): Promise<void> {
    for (let left = defaults.http3ReopenAttempts; ; left--) {
      try {
        return await this.open(tls, this.#port);
      } catch (error) {
        if (left === 1 || !isQuicpipeError(error, "ERR_QUICPIPE_LISTEN_FAILED")) throw error;
        await delay(defaults.http3ReopenMs);
      }
    }
  }

  async #end(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    if (!running) return;
    await running.clients.end();
    await running.server.close();
    running.clients.close();
  }
}
