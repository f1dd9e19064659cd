import { parseLongHeader } from "../../wire/quic-packet.ts";
import type { HttpRequest, HttpResponse } from "../http/http.ts";
import { Http3Session } from "../http/session.ts";
import type { HttpSession } from "./http.ts";
import type { RelayTrust } from "./trust.ts";
import type { DatagramSink, PeerSocket, RelayPath } from "../socket.ts";

/** Options of a {@link RelaySession}. */
export interface RelaySessionOptions {
  readonly socket: PeerSocket;
  /** The path to the relay, closed with the session. */
  readonly path: RelayPath;
  readonly trust: RelayTrust;
  /** Host and port as in `:authority`. */
  readonly authority: string;
  /** Time limit of the handshake, in ms. */
  readonly timeoutMs: number;
  /** Aborts the handshake. */
  readonly signal: AbortSignal;
  /** Called when the relay announces that it ends the session. */
  readonly onGoaway: () => void;
}

/** An HTTP/3 session with its share of the peer's socket. Several can be in the making at a time. */
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

  /** Makes it the peer's session: its remote address is the relay's, and it gets packets of no connection. */
  use(): void {
    this.#socket.moveTo(this.#path.remote);
    this.#socket.onHttp3 = this.#receive;
  }

  async close(): Promise<void> {
    await this.#http!.close();
    this.#leave();
  }

  async #open(options: RelaySessionOptions): Promise<void> {
    const { path, trust, authority, timeoutMs, signal, onGoaway } = options;
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
      onGoaway,
    });
  }

  /** The first packet carries the connection ID to which the relay answers. */
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
