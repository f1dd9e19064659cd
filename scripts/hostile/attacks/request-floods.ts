import { setTimeout as sleep } from "node:timers/promises";
import type { Attack, Tally, Target } from "../attack.ts";
import type { Fields } from "../clients/http3-frames.ts";
import {
  connectTls,
  fieldBlock,
  flood,
  frame,
  frameFlag,
  frameType,
  RawHttp2,
} from "../clients/raw-http2.ts";
import { RawHttp3 } from "../clients/raw-http3.ts";

/** Requests sent at a time. */
const batch = 50;
/** Time after which an answer is cancelled, in ms. */
const patienceMs = 5;

/** Floods a connection from a source until it is closed or `signal` aborts. */
type Way = (target: Target, from: string, signal: AbortSignal, tally: Tally) => Promise<void>;

const path = ":path";
const valid: Fields = [
  [":method", "GET"],
  [":scheme", "https"],
  [":authority", "localhost"],
  [path, "/v1/openapi.json"],
];
const refused: readonly Fields[] = [
  [
    [":method", "CONNECT"],
    [":authority", "localhost"],
  ],
  valid.map(([name, value]) => [name, name === path ? "x" : value]),
];

/** Ways that a connection takes in turn. */
const groups: readonly (readonly Way[])[] = [
  [
    overHttp1("GET / HTTP/1.1\r\nhost: localhost\r\nexpect: y\r\n\r\n"),
    overHttp1("POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
  ],
  [overHttp2([valid]), overHttp3([valid])],
  [overHttp2(refused), overHttp3(refused)],
  [cancelledOverHttp3],
];

/** Requests as fast as they can be sent: refused, valid and cancelled ones. Each group has two sources of its own. */
export const requestFloods: Attack = {
  name: "floods of requests from two sources",
  unit: "requests",
  async run(target, signal, tally) {
    const send = async (group: readonly Way[], from: string, first: number): Promise<void> => {
      for (let i = first; !signal.aborted; i++, await sleep(10))
        await group[i % group.length]!(target, from, signal, tally);
    };
    const sent = groups.flatMap((group, i) =>
      [0, 1].map((host) => send(group, `127.0.${30 + i}.${host + 1}`, host)),
    );
    await Promise.all(sent);
  },
};

function overHttp1(message: string): Way {
  return async (target, from, signal, tally) => {
    const socket = await connectTls(target, "http/1.1", from);
    socket.resume();
    for (; !socket.destroyed && !signal.aborted; tally(batch)) await flood(socket, message.repeat(batch));
    socket.destroy();
  };
}

function overHttp2(kinds: readonly Fields[]): Way {
  const blocks = kinds.map(fieldBlock);
  const flags = frameFlag.endHeaders | frameFlag.endStream;
  return async (target, from, signal, tally) => {
    const client = await RawHttp2.open(target, { from });
    for (let next = 1; !client.isClosed && !signal.aborted; next += 2 * batch, tally(batch)) {
      const frames = Array.from({ length: batch }, (_, i) =>
        frame(frameType.headers, flags, next + 2 * i, blocks[i % blocks.length]!),
      );
      await client.send(...frames);
    }
    client.close();
  };
}

function overHttp3(kinds: readonly Fields[]): Way {
  return async (target, from, signal, tally) => {
    const client = await RawHttp3.open(target, { from });
    for (; !client.isClosed && !signal.aborted; await sleep(2))
      for (let i = 0; i < batch && client.hasRoom; i++, tally())
        client.request(kinds[i % kinds.length]!, true);
    client.close();
  };
}

async function cancelledOverHttp3(
  target: Target,
  from: string,
  signal: AbortSignal,
  tally: Tally,
): Promise<void> {
  const client = await RawHttp3.open(target, { from });
  while (!client.isClosed && !signal.aborted) {
    const ids: number[] = [];
    for (; ids.length < batch && client.hasRoom; tally()) ids.push(client.request(valid, true));
    await sleep(patienceMs);
    for (const id of ids) if (!client.isClosed) client.stop(id);
  }
  client.close();
}
