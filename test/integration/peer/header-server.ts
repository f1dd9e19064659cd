import { randomBytes } from "node:crypto";
import { onTestFinished } from "vitest";
import { loadEngine } from "../../../src/peer/engine/engine.ts";
import type { EngineConnection } from "../../../src/peer/engine/contract.ts";
import { testCertificate } from "../harness/certificate.ts";
import { openSocket } from "../harness/udp-peer.ts";

/** A HEADERS frame of 15 MiB, as far as its length says (RFC 9114 §7.2.2, RFC 9000 §16). */
const endlessHeaders = Uint8Array.of(0x01, 0x80, 0xf0, 0x00, 0x00);

/**
 * A server that does the handshake of HTTP/3, and answers each request with headers that have no end. Closed when the test
 * ends.
 *
 * @param control what its control stream begins with, sent once there is a request.
 * @returns its UDP port.
 */
export async function startHeaderServer(control?: Uint8Array): Promise<number> {
  const engine = await loadEngine();
  const tls = await testCertificate();
  const socket = await openSocket();
  const local = { address: "127.0.0.1", port: socket.address().port };
  const [buffer, chunk] = [Buffer.alloc(1472), Buffer.alloc(65_536)];
  let connection: EngineConnection | undefined;
  const begun = new Set<number>();
  let remotePort = 0;
  const turn = (): void => {
    if (!connection) return;
    if ((connection.timeoutMs() ?? 1) <= 0) connection.onTimeout();
    for (const stream of connection.readableStreams()) {
      connection.streamReceive(stream, chunk);
      // What the client opens both ways are requests (RFC 9000 §2.1).
      if (stream % 4 === 0 && control && begun.size === 0) connection.streamSend(3, control, false);
      if (stream % 4 === 0 && !begun.has(stream)) connection.streamSend(stream, endlessHeaders, false);
      if (stream % 4 === 0) begun.add(stream);
    }
    for (const stream of begun) connection.streamSend(stream, chunk, false);
    for (let length = 0; (length = connection.send(buffer)) > 0;)
      socket.send(Buffer.from(buffer.subarray(0, length)), remotePort, "127.0.0.1");
  };
  socket.on("message", (datagram, { port }) => {
    remotePort = port;
    connection ??= engine.accept(
      {
        identity: tls,
        demand: { kind: "none" },
        alpn: ["h3"],
        idleTimeoutMs: 30_000,
        maxUdpPayloadBytes: 1200,
        flowWindowBytes: 1 << 20,
        maxStreams: 100,
        datagramQueue: 0,
        activeConnectionIdLimit: 2,
      },
      { sourceId: randomBytes(12), local, remote: { address: "127.0.0.1", port } },
    );
    connection.receive(datagram);
    turn();
  });
  const timer = setInterval(turn, 5);
  onTestFinished(() => clearInterval(timer));
  return local.port;
}
