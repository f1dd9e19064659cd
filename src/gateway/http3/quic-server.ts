import type { QuicServer as LibraryServer } from "@currentspace/http3";
import { QuicpipeError } from "../../errors.ts";
import { http3Code } from "../../http3/index.ts";
import { optionError } from "../../option-checks.ts";
import { type LibraryCommands, QuicConnection } from "./quic-connection.ts";

/** Receives the events of one client's connection. */
export interface QuicClientHandler {
  /** Part of a stream, at least its end. The piece is valid only during the call. */
  received(streamId: number, piece: Uint8Array, hasEnded: boolean): void;
  /** A stream has begun. Its first piece follows. */
  began(streamId: number): void;
  /** A stream has broken off, and was stopped both ways. */
  broken(streamId: number): void;
  /** The connection is over. */
  closed(): void;
}

/** Receives the events of a {@link QuicServer}. */
export interface QuicServerHandler {
  /** A client has connected. Returns the handler of its events; `undefined` if it was turned away. */
  connected(connection: QuicConnection): QuicClientHandler | undefined;
  failed(error: unknown): void;
}

/** An event of the library. */
interface LibraryEvent {
  readonly eventType: number;
  /** Handle of the connection, which the library reuses as soon as this one is over. */
  readonly connHandle: number;
  /** Negative for events of the whole connection. */
  readonly streamId: number;
  readonly data?: Uint8Array;
  readonly fin?: boolean;
  readonly meta?: {
    readonly errorReason?: string;
    readonly remoteAddr?: string;
    readonly remotePort?: number;
  };
}

/** The library's event types. */
const happened = {
  attempt: 1,
  streamBegan: 2,
  data: 4,
  finished: 5,
  over: 7,
  drained: 8,
  failed: 10,
  connected: 11,
  acknowledged: 17,
  writable: 18,
} as const;

interface Client {
  readonly connection: QuicConnection;
  readonly handler: QuicClientHandler;
}

const noBytes = new Uint8Array();

/**
 * A QUIC server. It takes the library's events before the library makes streams of them. Those streams buffer what is not read,
 * end the process with errors after their own end, and have the library's thread spin forever over a stream that its client has
 * stopped.
 */
export class QuicServer {
  readonly #server: LibraryServer;
  readonly #handler: QuicServerHandler;
  readonly #attempts = new Map<number, { readonly address: string; readonly port: number }>();
  readonly #clients = new Map<number, Client>();

  constructor(server: LibraryServer, handler: QuicServerHandler) {
    this.#server = server;
    this.#handler = handler;
    Reflect.set(server, "_dispatchEvents", (events: readonly LibraryEvent[]) => {
      for (const event of events) this.#tell(event);
    });
    server.on("error", (error) => handler.failed(error));
  }

  /** The UDP port. */
  get port(): number {
    return this.#server.address()!.port;
  }

  /** @throws ERR_QUICPIPE_LISTEN_FAILED if the port is taken; ERR_QUICPIPE_OPTION_INVALID if the library cannot use the key pair. */
  async listen(port: number, host: string): Promise<void> {
    try {
      await this.#server.listen(port, host);
    } catch (cause) {
      if (String(cause).includes("TlsFail")) throw unfit(cause);
      throw new QuicpipeError(
        "ERR_QUICPIPE_LISTEN_FAILED",
        `the HTTP/3 server cannot listen on ${host}:${port}: ${String(cause)}; choose another port or address`,
        { cause, details: { host, port } },
      );
    }
  }

  /** Sends what connections still have to send, then stops. */
  async close(): Promise<void> {
    await this.#server.close();
    for (const handle of this.#clients.keys()) this.#over(handle);
  }

  #tell(event: LibraryEvent): void {
    const { eventType, connHandle: handle, streamId } = event;
    if (eventType === happened.attempt) this.#attempts.set(handle, addressOf(event));
    else if (eventType === happened.connected) this.#connected(handle);
    else if (eventType === happened.over) this.#over(handle);
    else if (eventType === happened.writable) this.#flush();
    else if (eventType === happened.failed && streamId < 0) this.#handler.failed(event.meta?.errorReason);
    else this.#tellClient(event, this.#clients.get(handle));
  }

  #tellClient(event: LibraryEvent, client: Client | undefined): void {
    const { eventType, streamId, data, fin = false } = event;
    if (eventType === happened.streamBegan) client?.handler.began(streamId);
    if (eventType === happened.streamBegan || eventType === happened.data)
      client?.handler.received(streamId, data ?? noBytes, fin);
    else if (eventType === happened.finished) client?.handler.received(streamId, noBytes, true);
    else if (eventType === happened.failed) this.#broken(streamId, client);
    else if (eventType === happened.acknowledged) client?.connection.acknowledged();
    else if (eventType === happened.drained) client?.connection.flush();
    if (data) freePiece(data);
  }

  #connected(handle: number): void {
    const address = this.#attempts.get(handle);
    if (!address) return;
    const connection = new QuicConnection(handle, address, this.#commands);
    const handler = this.#handler.connected(connection);
    if (handler) this.#clients.set(handle, { connection, handler });
  }

  /** Stops a broken stream, because the library would keep trying to send bytes that its client no longer takes. */
  #broken(streamId: number, client: Client | undefined): void {
    client?.connection.stop(streamId, http3Code.requestCancelled);
    client?.handler.broken(streamId);
  }

  #over(handle: number): void {
    const client = this.#clients.get(handle);
    this.#attempts.delete(handle);
    this.#clients.delete(handle);
    client?.connection.closed();
    client?.handler.closed();
  }

  #flush(): void {
    for (const { connection } of this.#clients.values()) connection.flush();
  }

  get #commands(): LibraryCommands {
    return Reflect.get(this.#server, "_eventLoop") as LibraryCommands;
  }
}

/** Its TLS is BoringSSL, which has fewer kinds of keys than Node's. */
function unfit(cause: unknown): QuicpipeError {
  return optionError(
    "key",
    `the HTTP/3 server cannot use the key and its certificate: ${String(cause)}; give an ECDSA or RSA key`,
    cause,
  );
}

function addressOf({ meta }: LibraryEvent): { readonly address: string; readonly port: number } {
  return { address: meta?.remoteAddr ?? "", port: meta?.remotePort ?? 0 };
}

/**
 * Frees a piece's memory at once. The library's allocation is much larger than the piece, and the garbage collector, which does
 * not know that, would leave hundreds of MB of it waiting.
 */
function freePiece({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}
