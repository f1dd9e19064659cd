import { once } from "node:events";
import type { ClientHttp2Stream } from "node:http2";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Http2Gateway, Http2GatewayOptions, Http3App } from "../../../../src/gateway/index.ts";
import { testCertificate } from "../../harness/certificate.ts";
import { startHttp2 } from "../../harness/gateway.ts";
import { openHttp1 } from "../../harness/http/http1-client.ts";
import { connectHttp2 } from "../../harness/http/http2-client.ts";

// A reader that stands still is cut off in less time than a test has.
vi.mock("../../../../src/defaults/index.ts", async (original) => ({
  ...(await original()),
  stallTimeoutMs: 1000,
}));

function startServer(
  fetch: Http3App["fetch"],
  options?: Partial<Http2GatewayOptions>,
): Promise<Http2Gateway> {
  return startHttp2({ fetch }, options);
}

function closed(socket: TLSSocket): Promise<void> {
  return new Promise((resolve) => void socket.once("close", resolve));
}

/** An answer whose body begins after so many ms. */
function lateBody(delayMs: number): Response {
  return new Response(
    new ReadableStream({
      async start(controller) {
        await sleep(delayMs);
        controller.enqueue(Buffer.from("the late body"));
        controller.close();
      },
    }),
  );
}

/** From one port. */
async function openBoth({ port }: Http2Gateway): Promise<TLSSocket[]> {
  const one = await openHttp1({ port, localAddress: "127.0.0.1" });
  const { localPort } = one.socket;
  const other = await openHttp1({
    port,
    host: "127.0.0.2",
    localAddress: "127.0.0.1",
    localPort: localPort!,
  });
  return [one.socket, other.socket];
}

function ended(emitter: ClientHttp2Stream | TLSSocket): Promise<void> {
  return new Promise((resolve) => {
    emitter.on("error", () => undefined).once("close", resolve);
  });
}

/** Answers with much, or with what it was sent. */
const patientApp: Http3App["fetch"] = async ({ method, body }) =>
  new Response(method === "GET" ? new Uint8Array(20 * 2 ** 20) : await new Response(body).text());

it("a request over TCP ends where its body, or its reader, stands still", async () => {
  const { certificate: ca } = await testCertificate();
  const gateway = await startServer(patientApp);
  const session = connectHttp2(`https://127.0.0.1:${gateway.port}`, { ca, servername: "localhost" });
  const slow = session.request({ ":path": "/", ":method": "POST" });
  const deaf = session.request({ ":path": "/" });
  const texts = [
    "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4000\r\n\r\n",
    "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n",
  ];
  const sockets = texts.map((text) => {
    const socket = connectTls({ host: "127.0.0.1", port: gateway.port, ca, servername: "localhost" });
    socket
      .pause()
      .on("error", () => undefined)
      .write(text);
    return socket;
  });
  const timer = setInterval(() => {
    if (!slow.destroyed) slow.write("x");
    if (!sockets[0]!.destroyed) sockets[0]!.write("x");
  }, 100);
  onTestFinished(() => clearInterval(timer));
  // Nobody sees the end of what is not read but by writing to it.
  const probe = setInterval(() => void (sockets[1]!.destroyed || sockets[1]!.write("\r\n")), 100);
  onTestFinished(() => clearInterval(probe));
  await Promise.all([ended(slow), ended(deaf), ...sockets.map(ended)]);
});

describe("two connections of one client's port to two addresses of the server", () => {
  it("both end in time", async () => {
    const gateway = await startServer(() => new Response(""), { host: "0.0.0.0", idleTimeoutMs: 500 });
    await Promise.all((await openBoth(gateway)).map(closed));
  });

  it("both end with the server", async () => {
    const gateway = await startServer(() => new Response(""), { host: "0.0.0.0" });
    const both = (await openBoth(gateway)).map(closed);
    await gateway.close();
    await Promise.all(both);
  });
});

it("a server that is closed twice is closed once both say so", async () => {
  const gateway = await startServer(() => new Response(""));
  await openHttp1(gateway);
  const over: string[] = [];
  const first = gateway.close().then(() => over.push("first"));
  await gateway.close().then(() => over.push("second"));
  await first;
  expect(over).toEqual(["first", "second"]);
});

describe("a client over HTTP/1.1 that uploads to the end what was refused at once", () => {
  it.each(["keep-alive", "close"])("reads the answer (connection: %s)", async (connection) => {
    const gateway = await startServer(() => new Response("no", { status: 401 }));
    const { socket, text } = await openHttp1(gateway);
    socket.pause();
    const bytes = 3_000_000;
    const fields = `host: localhost\r\nconnection: ${connection}\r\ncontent-length: ${bytes}`;
    socket.write(`POST / HTTP/1.1\r\n${fields}\r\n\r\n`);
    for (let sent = 0; sent < bytes; sent += 65_536, await sleep(10))
      socket.write(Buffer.alloc(Math.min(65_536, bytes - sent)));
    socket.resume();
    await expect.poll(text).toContain("401 Unauthorized");
  });
});

describe("an answer of an app that takes its time", () => {
  it("arrives over HTTP/2", async () => {
    const gateway = await startServer(() => lateBody(2500));
    const { certificate: ca } = await testCertificate();
    const session = connectHttp2(`https://127.0.0.1:${gateway.port}`, { ca, servername: "localhost" });
    const stream = session.request({ ":path": "/" });
    expect(Buffer.concat(await stream.toArray()).toString()).toBe("the late body");
  });

  it("arrives over HTTP/1.1, and its head before it", async () => {
    const gateway = await startServer(() => lateBody(2500));
    const { socket, text } = await openHttp1(gateway);
    socket.write("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n");
    await once(socket, "data");
    expect(text()).toContain("200 OK");
    expect(text()).not.toContain("the late body");
    await expect.poll(text).toContain("the late body");
  });
});
