import { once } from "node:events";
import { constants } from "node:http2";
import { connect as connectTcp } from "node:net";
import type { TLSSocket } from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import { get, statusOf } from "../../../scripts/hostile/clients/http3-frames.ts";
import { RawHttp3 } from "../../../scripts/hostile/clients/raw-http3.ts";
import { type BudgetStats, serveHttp2, serveHttp3 } from "../../../src/gateway/index.ts";
import { http3Code } from "../../../src/http3/index.ts";
import { openHttp1 } from "../harness/http/http1-client.ts";
import { connectHttp2 } from "../harness/http/http2-client.ts";
import { testCertificate } from "../harness/certificate.ts";

/** Number of places. */
const places = 4;
/** Addresses of one network (127.7.7.0/24), one for each place. */
const crowd: readonly string[] = ["127.7.7.1", "127.7.7.2", "127.7.7.3", "127.7.7.4"];
/** Addresses of other networks. */
const newcomers: readonly string[] = ["127.8.8.1", "127.9.9.1"];

/** Answers `/events` with a stream that does not end. */
const app = {
  fetch: (request: Request): Response =>
    new URL(request.url).pathname === "/events"
      ? new Response(new ReadableStream({ start: (events) => events.enqueue(Buffer.from("event")) }))
      : new Response("here"),
};

interface Server {
  readonly port: number;
  stats(): BudgetStats;
  close(): Promise<void>;
}

async function start(serve: typeof serveHttp2 | typeof serveHttp3): Promise<Server> {
  const { privateKey: key, certificate: cert } = await testCertificate();
  const host = "127.0.0.1";
  const server = await serve(app, { host, key, cert, maxConnections: places, logger: false });
  onTestFinished(() => server.close());
  return server;
}

async function askHttp1(socket: TLSSocket, path: string): Promise<void> {
  socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
  await once(socket, "data");
}

describe("a full TCP port has an idle connection of the largest network make way", () => {
  it("over HTTP/1.1, and none that waits for events", async () => {
    const { port, stats } = await start(serveHttp2);
    const held: TLSSocket[] = [];
    for (const localAddress of crowd) {
      const { socket } = await openHttp1({ port, localAddress });
      await askHttp1(socket, held.length === 0 ? "/events" : "/");
      held.push(socket);
    }
    const closed = [1, 2].map((i) => once(held[i]!, "close"));
    for (const localAddress of newcomers)
      await askHttp1((await openHttp1({ port, localAddress })).socket, "/");
    await Promise.all(closed);
    expect(held.map((socket) => socket.destroyed)).toEqual([false, true, true, false]);
    expect(stats().refused).toEqual({ "made-way": 2 });
  });

  it("over HTTP/2, which it tells so (GOAWAY)", async () => {
    const { port, stats } = await start(serveHttp2);
    const { certificate: ca } = await testCertificate();
    const sessions = crowd.map((localAddress) =>
      connectHttp2(`https://127.0.0.1:${port}`, { ca, servername: "localhost", localAddress }),
    );
    for (const session of sessions) await session.request({ ":path": "/" }).toArray();
    const goAway = once(sessions[0]!, "goaway");
    const closed = once(sessions[0]!, "close");
    await openHttp1({ port, localAddress: newcomers[0]! });
    expect((await goAway)[0]).toBe(constants.NGHTTP2_NO_ERROR);
    await closed;
    expect(sessions.map((session) => session.destroyed)).toEqual([true, false, false, false]);
    expect(stats().refused).toEqual({ "made-way": 1 });
  });

  it("before its handshake", async () => {
    const { port, stats } = await start(serveHttp2);
    const held = crowd.map((localAddress) => connectTcp({ port, host: "127.0.0.1", localAddress }).resume());
    onTestFinished(() => held.forEach((socket) => void socket.destroy()));
    await Promise.all(held.map((socket) => once(socket, "connect")));
    const closed = Promise.race(held.map((socket) => once(socket, "close")));
    await askHttp1((await openHttp1({ port, localAddress: newcomers[0]! })).socket, "/");
    await closed;
    expect(held.filter((socket) => socket.destroyed)).toHaveLength(1);
    expect(stats().refused).toEqual({ "made-way": 1 });
  });
});

describe("a full HTTP/3 server", () => {
  it("has an idle connection of the largest network make way, and none that waits for events", async () => {
    const { port, stats } = await start(serveHttp3);
    const { certificate } = await testCertificate();
    const target = { host: "127.0.0.1", port, certificate, token: () => Promise.resolve("") };
    const connect = async (from: string, path: string): Promise<RawHttp3> => {
      const client = await RawHttp3.open(target, { from });
      onTestFinished(() => client.close());
      const id = client.request(get(path, { port: 443 }), true);
      await expect.poll(() => statusOf(Buffer.concat(client.answer(id).bytes))).toBe(200);
      return client;
    };
    const held: RawHttp3[] = [];
    for (const from of crowd) held.push(await connect(from, held.length === 0 ? "/events" : "/"));
    for (const from of newcomers) await connect(from, "/");
    await Promise.all([held[1]!.closed, held[2]!.closed]);
    expect(held.map((client) => client.closedWith)).toEqual([
      undefined,
      http3Code.excessiveLoad,
      http3Code.excessiveLoad,
      undefined,
    ]);
    expect(stats().refused).toEqual({ "made-way": 2 });
  });
});
