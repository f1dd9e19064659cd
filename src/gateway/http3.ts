import { once } from "node:events";
import { QuicpipeError } from "../errors.ts";

/** An application with the `fetch` of the web platform, such as an `h3` app. */
export interface Http3App {
  fetch(request: Request): Response | Promise<Response>;
}

/** How {@link serveHttp3} serves. */
export interface Http3GatewayOptions {
  /** Private key, PEM. */
  readonly key: string | Buffer;
  /** Certificate chain, PEM, leaf first. */
  readonly cert: string | Buffer;
  /** Where to listen; `127.0.0.1` if absent, as the relay owns the public port (design section 4). */
  readonly host?: string;
  /** UDP port (and TCP port, for HTTP/2); 0, a free one, if absent. */
  readonly port?: number;
}

/** A running HTTP/3 server. Whoever started it closes it. */
export interface Http3Gateway {
  /** The UDP port on loopback: the `upstream.port` of the relay. */
  readonly port: number;
  close(): Promise<void>;
}

type Http3Module = typeof import("@currentspace/http3");

/**
 * Serves a fetch-style app over HTTP/3 (and HTTP/2 over TCP) on loopback, and tells it each request's
 * client address as `request.ip`, which is how the relay learns a peer's public address.
 *
 * @throws ERR_QUICPIPE_DEPENDENCY_MISSING without the optional package `@currentspace/http3`.
 * @throws ERR_QUICPIPE_LISTEN_FAILED if the port is taken or the certificate does not load.
 */
export async function serveHttp3(app: Http3App, options: Http3GatewayOptions): Promise<Http3Gateway> {
  const { createSecureServer, createFetchHandler } = await importHttp3();
  const { host = "127.0.0.1", port = 0, key, cert } = options;
  const addresses = new Map<number, string>();
  const server = createSecureServer(
    // Active migration stays on: a client whose NAT gives it a new port keeps its connection (RFC 9000 §9).
    { key: pem(key), cert: pem(cert), disableActiveMigration: false },
    (stream, headers, flags) => {
      const ip = addresses.get(connectionOf(stream));
      createFetchHandler((request) => app.fetch(withClientAddress(request, ip)))(stream, headers, flags);
    },
  );
  server.on("session", (session) => {
    const connection = connectionOf(session);
    if (connection === noConnection) return;
    addresses.set(connection, session.remoteAddress);
    session.once("close", () => addresses.delete(connection));
  });
  await listening(server, port, host);
  return { port: server.address()!.port, close: () => server.close() };
}

/** A PEM file that is read as text may come with a Windows line ending; bytes are taken as they are. */
function pem(value: string | Buffer): Buffer {
  return typeof value === "string" ? Buffer.from(value) : value;
}

async function listening(
  server: import("@currentspace/http3").Http3SecureServer,
  port: number,
  host: string,
): Promise<void> {
  try {
    // Listen in the same turn as `once`, which rejects on "error".
    const ready = once(server, "listening");
    server.listen(port, host);
    await ready;
  } catch (cause) {
    throw new QuicpipeError(
      "ERR_QUICPIPE_LISTEN_FAILED",
      `the HTTP/3 server cannot listen on ${host}:${port}: ${String(cause)}; choose another port or check key and certificate`,
      { cause, details: { host, port } },
    );
  }
}

/** What {@link connectionOf} gives for HTTP/2: its sessions are all alike, and their requests get no address. */
const noConnection = -1;

/**
 * The server's number for the QUIC connection of a stream or session. Its API has no link from one to the
 * other, so this reads the field that both carry.
 */
function connectionOf(part: object): number {
  const handle: unknown = Reflect.get(part, "_connHandle");
  return typeof handle === "number" ? handle : noConnection;
}

/** Sets `request.ip`, the field where h3 (srvx) keeps the client's address. */
function withClientAddress(request: Request, ip: string | undefined): Request {
  return ip === undefined ? request : Object.defineProperty(request, "ip", { value: ip });
}

async function importHttp3(): Promise<
  Pick<Http3Module, "createSecureServer"> &
    Pick<typeof import("@currentspace/http3/fetch"), "createFetchHandler">
> {
  try {
    const [{ createSecureServer }, { createFetchHandler }] = await Promise.all([
      import("@currentspace/http3"),
      import("@currentspace/http3/fetch"),
    ]);
    return { createSecureServer, createFetchHandler };
  } catch (cause) {
    throw new QuicpipeError(
      "ERR_QUICPIPE_DEPENDENCY_MISSING",
      "serving HTTP/3 needs the package @currentspace/http3: run `npm install @currentspace/http3`, or put another HTTP/3 server in front of the app",
      { cause },
    );
  }
}
