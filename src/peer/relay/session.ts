import { parseLongHeader } from "../../wire/quic-packet.ts";
import type { HttpRequest, HttpResponse } from "../http/http.ts";
import { Http3Session } from "../http/session.ts";
import type { HttpSession } from "./http.ts";
import type { RelayTrust } from "./trust.ts";
import type { DatagramSink, PeerSocket, RelayPath } from "../socket.ts";

/** How a {@link RelaySession} is opened. */
export interface RelaySessionOptions {
  readonly socket: PeerSocket;
  /** The way to the relay; closed with the session. */
  readonly path: RelayPath;
  readonly trust: RelayTrust;
  /** Host and port as requests name them. */
  readonly authority: string;
  /** How long the handshake may take, in ms. */
  readonly timeoutMs: number;
  /** Gives the handshake up. */
  readonly signal: AbortSignal;
}

/** An HTTP/3 session with its part of the peer's socket: several can be in the making at a time. */
export class RelaySession implements HttpSession {
  readonly #socket: PeerSocket;
  readonly #path: RelayPath;
  #http: Http3Session | undefined;
  #receive: DatagramSink = () => undefined;
  #sourceId: Uint8Array | undefined;

  private constructor({ socket, path }: RelaySessionOptions) {
    this.#socket = socket;
    this.#path = path;
  }

  /**
   * Opens a session. The caller closes it.
   *
   * @throws ERR_QUICPIPE_RELAY_UNREACHABLE, ERR_QUICPIPE_DEPENDENCY_MISSING
   */
  static async open(options: RelaySessionOptions): Promise<RelaySession> {
    const session = new RelaySession(options);
    try {
      await session.#open(options);
      return session;
    } catch (error) {
      session.#leave();
      throw error;
    }
  }

  get usable(): boolean {
    return this.#http!.usable;
  }

  request(request: HttpRequest): Promise<HttpResponse> {
    return this.#http!.request(request);
  }

  /** Makes it the peer's session: the relay is where it leads, and what belongs to no connection is for it. */
  use(): void {
    this.#socket.moveTo(this.#path.remote);
    this.#socket.onHttp3 = this.#receive;
  }

  async close(): Promise<void> {
    await this.#http!.close();
    this.#leave();
  }

  async #open({ path, trust, authority, timeoutMs, signal }: RelaySessionOptions): Promise<void> {
    this.#http = await Http3Session.open({
      ...trust,
      local: path.local,
      remote: path.remote,
      authority,
      send: (datagram) => this.#send(datagram),
      onReceiver: (receive) => {
        this.#receive = receive;
      },
      timeoutMs,
      signal,
    });
  }

  /** The first packet tells the connection ID under which the answers come. */
  #send(datagram: Uint8Array): void {
    if (!this.#sourceId) {
      this.#sourceId = parseLongHeader(datagram)?.sourceId.slice();
      if (this.#sourceId) this.#socket.addRoute(this.#sourceId, (answer) => this.#receive(answer));
    }
    this.#path.send(datagram);
  }

  #leave(): void {
    if (this.#sourceId) this.#socket.removeRoute(this.#sourceId);
    if (this.#socket.onHttp3 === this.#receive) this.#socket.onHttp3 = undefined;
    this.#path.close();
  }
}
