import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { Readable } from "node:stream";
import { QuicpipeError } from "../../errors.ts";
import type { Connection } from "../../peer/index.ts";
import { type Address, formatAddress } from "../../wire/address.ts";
import type { Endpoint } from "./endpoint.ts";
import { joinTcp, sendOpening } from "./tcp-stream.ts";

/** TCP connections to a port, each of which goes on as a stream. The caller closes it. */
export class PortForward {
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(server: Server, sockets: Set<Socket>) {
    this.#server = server;
    this.#sockets = sockets;
  }

  /** @throws ERR_QUICPIPE_LISTEN_FAILED */
  static async open(connection: Connection, { address: host, port }: Endpoint): Promise<PortForward> {
    const sockets = new Set<Socket>();
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined).once("close", () => sockets.delete(socket));
      forward(connection, socket).catch(() => socket.resetAndDestroy());
    });
    try {
      server.listen(port, host);
      await once(server, "listening");
      // A connection that the system cannot give leaves the others.
      server.on("error", () => undefined);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new QuicpipeError(
        "ERR_QUICPIPE_LISTEN_FAILED",
        `--listen cannot bind TCP ${formatAddress({ address: host, port })}: ${why}; choose another port or address`,
        { cause, details: { host, port } },
      );
    }
    return new PortForward(server, sockets);
  }

  get address(): Address {
    const { address, port } = this.#server.address() as AddressInfo;
    return { address, port };
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }
}

async function forward(connection: Connection, socket: Socket): Promise<void> {
  const stream = await connection.createBidirectionalStream();
  await sendOpening(stream);
  await joinTcp(socket, Readable.fromWeb(stream.readable), stream.writable);
}
