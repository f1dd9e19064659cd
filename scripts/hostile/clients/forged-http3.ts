import quiche from "@matrixai/quic/native/quiche.js";
import { randomBytes } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Target } from "../attack.ts";
import { PacketProtection } from "./packet-protection.ts";

type Connection = ReturnType<(typeof quiche)["Connection"]["connect"]>;

/** Above the packet numbers of the handshake. */
const firstPacketNumber = 1000;

/** An HTTP/3 client that sends arbitrary frames once a QUIC library has done the handshake. The caller closes it. */
export class ForgedHttp3 {
  readonly #socket: Socket;
  readonly #destinationId: Uint8Array;
  readonly #protection: PacketProtection;
  #packetNumber = firstPacketNumber;

  private constructor(socket: Socket, destinationId: Uint8Array, secret: Buffer) {
    this.#socket = socket;
    this.#destinationId = destinationId;
    this.#protection = new PacketProtection(secret);
  }

  /** @param from source address. */
  static async open(target: Target, from: string = target.host): Promise<ForgedHttp3> {
    const socket = createSocket("udp4");
    socket.on("error", () => undefined);
    socket.bind(0, from);
    await once(socket, "listening");
    socket.connect(target.port, target.host);
    await once(socket, "connect");
    const folder = mkdtempSync(join(tmpdir(), "quicpipe-forged-"));
    try {
      const keys = join(folder, "keys");
      const connection = connect(target, socket.address());
      connection.setKeylog(keys);
      await shakeHands(connection, socket, target);
      const [, secret] = /^CLIENT_TRAFFIC_SECRET_0 \w+ (\w+)$/m.exec(readFileSync(keys, "utf8"))!;
      return new ForgedHttp3(socket, connection.destinationId(), Buffer.from(secret!, "hex"));
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  /** Sends a packet with these frames (RFC 9000 §19). Resolves when the system has taken it. */
  async send(frames: Uint8Array): Promise<void> {
    const packet = this.#protection.seal(this.#destinationId, this.#packetNumber++, frames);
    await new Promise<void>((resolve) => this.#socket.send(packet, () => resolve()));
  }

  /** Closes the socket without a CONNECTION_CLOSE. */
  close(): void {
    this.#socket.close();
  }
}

function connect({ certificate, host, port }: Target, local: { address: string; port: number }): Connection {
  const config = quiche.Config.withBoringSslCtx(true, false, Buffer.from(certificate));
  config.setApplicationProtos(["h3"]);
  config.setMaxIdleTimeout(60_000);
  config.setInitialMaxData(1e6);
  config.setInitialMaxStreamsUni(3);
  config.setInitialMaxStreamDataUni(1e5);
  config.logKeys();
  return quiche.Connection.connect(
    "localhost",
    randomBytes(16),
    { host: local.address, port: local.port },
    { host, port },
    config,
  );
}

async function shakeHands(connection: Connection, socket: Socket, target: Target): Promise<void> {
  const [from, to] = [{ host: target.host, port: target.port }, localOf(socket)];
  flush(connection, socket);
  while (!connection.isEstablished()) {
    const [datagram] = (await once(socket, "message")) as [Buffer];
    connection.recv(datagram, { from, to });
    flush(connection, socket);
  }
}

function localOf(socket: Socket): { host: string; port: number } {
  const { address: host, port } = socket.address();
  return { host, port };
}

function flush(connection: Connection, socket: Socket): void {
  const buffer = Buffer.alloc(1500);
  for (let sent; (sent = connection.send(buffer));) socket.send(Buffer.from(buffer.subarray(0, sent[0])));
}
