import { once } from "node:events";
import { createSecureServer, type Http2SecureServer, type Http2ServerRequest } from "node:http2";
import { BlockList, isIPv6, type Socket } from "node:net";
import * as defaults from "../defaults.ts";
import { QuicpipeError } from "../errors.ts";
import { codeOf } from "../system-error.ts";
import { formatAddress } from "../wire/address.ts";
import { altSvc } from "./alt-svc.ts";
import type { Http3App } from "./http3.ts";

/** How {@link serveHttp2} serves. */
export interface Http2GatewayOptions {
  /** Private key, PEM. */
  readonly key: string | Buffer;
  /** Certificate chain, PEM, leaf first. */
  readonly cert: string | Buffer;
  /** Where to listen; `::`, all addresses, if absent, which becomes `0.0.0.0` where the system has no IPv6. */
  readonly host?: string;
  /** TCP port, as a rule the number of the relay's UDP port; 0, a free one, if absent. */
  readonly port?: number;
  /** UDP port that clients are told to come to by HTTP/3 (`Alt-Svc`, RFC 7838); the TCP port's number if absent. */
  readonly http3Port?: number;
  /** Host that serves HTTP/3, a name or an IP literal; the one that the client asked if absent. */
  readonly http3Host?: string;
  /** Connections at a time, from 1; 1000 if absent. More are closed at once. */
  readonly maxConnections?: number;
  /** Silence after which a connection is closed, in ms, from 1; 75 s if absent, five keepalives of an event stream. */
  readonly idleTimeoutMs?: number;
}

/** A running HTTP/2 server. Whoever started it closes it. */
export interface Http2Gateway {
  /** The TCP port. */
  readonly port: number;
  /** Stops listening and ends every connection. Idempotent. */
  close(): Promise<void>;
}

/**
 * Serves a fetch-style app over HTTP/2 and HTTP/1.1 on a public TCP port, where browsers come first, and tells them of
 * HTTP/3. The app sees a client's address as `request.ip` unless it is on loopback: there it could pass for one that the
 * relay proved, and make `X-Forwarded-For` be believed (design section 4).
 *
 * @throws ERR_QUICPIPE_DEPENDENCY_MISSING without the optional package `h3`.
 * @throws ERR_QUICPIPE_LISTEN_FAILED if the port is taken or the certificate does not load.
 */
export async function serveHttp2(app: Http3App, options: Http2GatewayOptions): Promise<Http2Gateway> {
  const { H3, toNodeHandler } = await importH3();
  const { host = "::", port = 0 } = options;
  // An app around the app: what that throws is answered with 500, and harms nothing else.
  const handle = toNodeHandler(new H3().all("/**", ({ req }) => app.fetch(withoutLoopbackAddress(req))));
  const server = createServer(options, host, port);
  server.on("request", (request, response) => {
    const http3 = { host: options.http3Host, port: options.http3Port ?? portOf(server) };
    response.setHeader("alt-svc", altSvc(http3, authorityOf(request)));
    return handle(request, response);
  });
  const sockets = new Set<Socket>();
  // The connection as it is accepted: one that never gets to speak TLS has to be closed too.
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await listening(server, host, port);
  // Such as a system without file descriptors for more connections; those that it has go on.
  server.on("error", (error) => process.emitWarning(error));
  return { port: portOf(server), close: () => close(server, sockets) };
}

function authorityOf({ headers }: Http2ServerRequest): string | undefined {
  return headers[":authority"] ?? headers.host;
}

function createServer(options: Http2GatewayOptions, host: string, port: number): Http2SecureServer {
  const { key, cert, maxConnections = defaults.maxHttp2Connections } = options;
  const { idleTimeoutMs = defaults.http2IdleTimeoutMs } = options;
  try {
    const server = createSecureServer({
      key,
      cert,
      allowHTTP1: true,
      settings: { maxConcurrentStreams: defaults.maxHttp2Streams },
      handshakeTimeout: Math.min(idleTimeoutMs, defaults.tlsHandshakeTimeoutMs),
    });
    server.maxConnections = maxConnections;
    // Without a listener for "timeout" the connection is destroyed.
    return server.setTimeout(idleTimeoutMs);
  } catch (cause) {
    throw listenFailed(host, port, cause);
  }
}

async function listening(server: Http2SecureServer, host: string, port: number): Promise<void> {
  try {
    // Listen in the same turn as `once`, which rejects on "error".
    const ready = once(server, "listening");
    server.listen(port, host);
    await ready;
  } catch (cause) {
    if (host === "::" && isWithoutIpv6(cause)) return listening(server, "0.0.0.0", port);
    throw listenFailed(host, port, cause);
  }
}

function isWithoutIpv6(cause: unknown): boolean {
  return ["EAFNOSUPPORT", "EADDRNOTAVAIL"].includes(codeOf(cause));
}

function listenFailed(host: string, port: number, cause: unknown): QuicpipeError {
  return new QuicpipeError(
    "ERR_QUICPIPE_LISTEN_FAILED",
    `the HTTP/2 server cannot listen on TCP ${formatAddress({ address: host, port })}: ${String(cause)}; choose another port or check key and certificate`,
    { cause, details: { host, port } },
  );
}

function portOf(server: Http2SecureServer): number {
  const address = server.address();
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}

async function close(server: Http2SecureServer, sockets: ReadonlySet<Socket>): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, "close");
  server.close();
  // An event stream would hold its connection open for as long as its reader likes.
  for (const socket of sockets) socket.destroy();
  await closed;
}

const loopback: BlockList = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** Hides an address on loopback, an IPv4 one in IPv6 form included, from whoever takes `request.ip` for a proof. */
function withoutLoopbackAddress(request: Request & { ip?: string | undefined }): Request {
  const { ip } = request;
  const isProof = ip !== undefined && loopback.check(ip, isIPv6(ip) ? "ipv6" : "ipv4");
  return isProof ? Object.defineProperty(request, "ip", { value: undefined }) : request;
}

async function importH3(): Promise<Pick<typeof import("h3"), "H3" | "toNodeHandler">> {
  try {
    return await import("h3");
  } catch (cause) {
    throw new QuicpipeError(
      "ERR_QUICPIPE_DEPENDENCY_MISSING",
      "serving HTTP/2 needs the package h3: run `npm install h3`",
      { cause },
    );
  }
}
