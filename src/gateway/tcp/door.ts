import type { Server as Http1Server } from "node:http";
import { createServer, type Server, Socket } from "node:net";
import { createServer as createTls, type Server as TlsServer, type TLSSocket } from "node:tls";
import * as defaults from "../../defaults/index.ts";
import type { Arrivals } from "../budget/arrivals.ts";
import { isLoopback, plainIp } from "../../wire/address.ts";
import type { KeyPair } from "../../files/pem.ts";
import type { Budget } from "../budget/budget.ts";
import { Places } from "../budget/places.ts";
import type { Http3App } from "../exchange/exchange.ts";
import type { FieldsFor } from "../exchange/stream.ts";
import type { Faults, SourceFaults } from "../exchange/faults.ts";
import { createHttp1 } from "./http1-server.ts";
import { serveHttp2Session } from "./http2-session.ts";
import { TcpConnection } from "./connection.ts";

/** Options of a {@link TcpDoor}. */
export interface TcpDoorOptions extends KeyPair {
  readonly app: Http3App;
  readonly fieldsFor: FieldsFor;
  readonly maxConnections: number;
  readonly idleTimeoutMs: number;
  readonly arrivals: Arrivals;
  readonly budget: Budget;
  readonly faults: Faults;
}

/**
 * Admits TCP clients: a share of the connections for each source, and a time limit for the handshake and the first request.
 * Then serves HTTP/2 or HTTP/1.1, as ALPN chooses (RFC 7301).
 */
export class TcpDoor {
  readonly server: Server;
  readonly #options: TcpDoorOptions;
  readonly #tls: TlsServer;
  readonly #http1: Http1Server;
  readonly #places: Places;
  /** By the addresses and ports of both ends, which a TLS socket has as well. */
  readonly #connections = new Map<string, { readonly socket: Socket; readonly connection: TcpConnection }>();
  #timers: readonly NodeJS.Timeout[] = [];

  /** @throws the system's error if the key and certificate do not load. */
  constructor(options: TcpDoorOptions) {
    this.#options = options;
    const { key, cert, idleTimeoutMs } = options;
    this.#places = new Places(options.maxConnections);
    const handshakeTimeout = Math.min(idleTimeoutMs, defaults.tlsHandshakeTimeoutMs);
    this.#tls = createTls({ key, cert, ALPNProtocols: ["h2", "http/1.1"], handshakeTimeout });
    this.#tls.on("secureConnection", (socket) => this.#secured(socket));
    // The client speaks no TLS, or other versions of it. That is not worth a log line.
    this.#tls.on("tlsClientError", (_error, socket) => socket.destroy());
    this.#http1 = createHttp1((socket) => this.#connectionOf(socket), options.fieldsFor);
    this.server = createServer({ noDelay: true }, (socket) => this.#connected(socket));
    this.server.once("listening", () => this.#keepTime());
  }

  /** Gives new connections another certificate. */
  reload({ key, cert }: KeyPair): void {
    this.#tls.setSecureContext({ key, cert });
  }

  /** Has every connection end once its open requests are answered. */
  goAway(): void {
    for (const { connection } of this.#connections.values()) connection.goAway();
  }

  /** Ends every connection. */
  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    for (const { socket } of this.#connections.values()) socket.destroy();
  }

  #keepTime(): void {
    this.#timers = [
      setInterval(() => this.#look(), defaults.strayLookMs).unref(),
      setInterval(() => this.#sweep(), defaults.tcpSweepMs).unref(),
    ];
  }

  #connected(socket: Socket): void {
    const { idleTimeoutMs, arrivals, budget, app } = this.#options;
    socket.on("error", () => undefined);
    // The client has gone already.
    if (socket.remoteAddress === undefined) return void socket.destroy();
    const address = plainIp(socket.remoteAddress);
    const faults = this.#options.faults.of(address);
    // Checked before TLS, because a handshake is the most expensive thing that an unknown client gets for free.
    if (!arrivals.take(address, performance.now())) {
      budget.refuse("arrivals");
      return turnAway(socket, faults, "a source connects too often");
    }
    const share = budget.connect(address, this.#places);
    if (!share) return turnAway(socket, faults, "a source has too many connections");
    const connection = new TcpConnection({
      socket,
      budget: share,
      faults,
      ip: isLoopback(address) ? undefined : address,
      app,
      idle: { limitMs: idleTimeoutMs, firstMs: Math.min(idleTimeoutMs, defaults.headersTimeoutMs) },
      onAbuse: () => arrivals.abused(address, performance.now()),
      now: () => performance.now(),
    });
    share.place.onGivenUp = () => connection.makeWay();
    const name = nameOf(socket);
    this.#connections.set(name, { socket, connection });
    socket.once("close", () => {
      // A newer connection may have the same addresses and ports by now.
      if (this.#connections.get(name)?.socket === socket) this.#connections.delete(name);
      connection.close();
    });
    this.#tls.emit("connection", socket);
  }

  #connectionOf(socket: object): TcpConnection | undefined {
    return socket instanceof Socket ? this.#connections.get(nameOf(socket))?.connection : undefined;
  }

  #secured(socket: TLSSocket): void {
    const connection = this.#connectionOf(socket);
    socket.on("error", () => undefined);
    if (!connection) return void socket.destroy();
    if (socket.alpnProtocol === "h2") serveHttp2Session(socket, connection, this.#options.fieldsFor);
    else {
      // Each response says so (`connection: close`).
      const shutdown = { goAway: () => undefined, end: () => socket.destroySoon() };
      connection.speaks(shutdown, defaults.maxPipelinedRequests);
      this.#http1.emit("connection", socket);
    }
  }

  #look(): void {
    const nowMs = performance.now();
    for (const { connection } of this.#connections.values()) connection.look(nowMs);
  }

  #sweep(): void {
    const nowMs = performance.now();
    for (const { connection } of this.#connections.values()) connection.sweep(nowMs);
  }
}

function turnAway(socket: Socket, faults: SourceFaults, why: string): void {
  faults.write("info", "over-budget", why);
  socket.destroy();
}

/** Both ends, because a client may connect from one port to several addresses of the server. */
function nameOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
