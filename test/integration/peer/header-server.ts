import { randomBytes } from "node:crypto";
import { onTestFinished } from "vitest";
import { loadEngine } from "../../../src/peer/engine/engine.ts";
import type { EngineConnection, EngineListener } from "../../../src/peer/engine/contract.ts";
import { deafListener } from "../../../src/peer/engine/deaf.ts";
import { testCertificate } from "../harness/certificate.ts";
import { openSocket } from "../harness/udp-peer.ts";

/** A HEADERS frame of 15 MiB, as far as its length says (RFC 9114 §7.2.2, RFC 9000 §16). */
const endlessHeaders = Uint8Array.of(0x01, 0x80, 0xf0, 0x00, 0x00);

/**
 * A server that does the handshake of HTTP/3, and answers each request with headers that have no end. Closed when the test
 * ends.
 *
 * @param control what its control stream begins with, sent once there is a request, instead of an answer.
 * @returns its UDP port.
 */
export async function startHeaderServer(control?: Uint8Array): Promise<number> {
  const engine = loadEngine();
  const tls = await testCertificate();
  const socket = await openSocket();
  const [buffer, chunk] = [Buffer.alloc(1472), Buffer.alloc(65_536)];
  const begun = new Set<number>();
  let remotePort = 0;
  const connection = engine.accept({
    cidKey: randomBytes(32),
    cidLimit: 100,
    identity: tls,
    demand: { kind: "none" },
    isJudged: false,
    alpn: ["h3"],
    idleTimeoutMs: 30_000,
    maxUdpPayloadBytes: 1200,
    flowWindowBytes: 1 << 20,
    maxStreams: 100,
    datagramQueueBytes: 0,
  });
  const listener = listenerOf(connection, (request) => {
    if (control) return connection.streamSend(connection.openStream("unidirectional")!, control, false);
    connection.streamSend(request, endlessHeaders, false);
    return begun.add(request);
  });
  const turn = (): void => {
    if ((connection.timeoutMs() ?? 1) <= 0) connection.onTimeout();
    connection.poll(listener);
    for (const request of begun) connection.streamSend(request, chunk, false);
    for (let length = 0; (length = connection.send(buffer)) > 0;)
      socket.send(Buffer.from(buffer.subarray(0, length)), remotePort, "127.0.0.1");
  };
  socket.on("message", (datagram, { port }) => {
    remotePort = port;
    connection.receive(datagram);
    turn();
  });
  const timer = setInterval(turn, 5);
  onTestFinished(() => clearInterval(timer));
  return socket.address().port;
}

/** Listens for requests: what the client opens both ways. The bytes of all streams stay unread. */
function listenerOf(connection: EngineConnection, onRequest: (stream: number) => unknown): EngineListener {
  return {
    ...deafListener,
    onOpened: (kind) => {
      for (let id; (id = connection.acceptStream(kind)) !== undefined;)
        if (kind === "bidirectional") onRequest(id);
    },
  };
}
