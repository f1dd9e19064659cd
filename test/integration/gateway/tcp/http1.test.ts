import { channel } from "node:diagnostics_channel";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { networkInterfaces } from "node:os";
import { describe, expect, it, onTestFinished } from "vitest";
import { maxPipelinedRequests } from "../../../../src/defaults/index.ts";
import type { Http2Gateway, Http3App } from "../../../../src/gateway/index.ts";
import { startHttp2 } from "../../harness/gateway.ts";
import { openHttp1 } from "../../harness/http/http1-client.ts";

function startServer(fetch: Http3App["fetch"]): Promise<Http2Gateway> {
  return startHttp2({ fetch });
}

/** What comes back until the server ends the connection. */
async function ask(gateway: Http2Gateway, request: string): Promise<string> {
  const { socket, text } = await openHttp1(gateway);
  socket.write(request);
  await once(socket, "close");
  return text();
}

/** Counts the requests that Node makes objects of from now on, which cost most of what a refused request costs. */
function countRequests(): () => number {
  const began = channel("http.server.request.start");
  let count = 0;
  const onBegun = (): void => void count++;
  began.subscribe(onBegun);
  onTestFinished(() => void began.unsubscribe(onBegun));
  return () => count;
}

const echo: Http3App["fetch"] = ({ url, headers }) =>
  Response.json({ url, te: headers.get("te"), hop: headers.get("x-hop") });

describe("a request over HTTP/1.1", () => {
  it("may name its target whole, which then counts instead of Host (RFC 9112 §3.2.2)", async () => {
    const text = await ask(
      await startServer(echo),
      "GET https://relay.example:4433/a?b HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n",
    );
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
    expect(text).toContain('"url":"https://relay.example:4433/a?b"');
  });

  it("leaves what it says to the next hop alone behind (RFC 9110 §7.6.1)", async () => {
    const text = await ask(
      await startServer(echo),
      "GET / HTTP/1.1\r\nHost: localhost\r\nTE: deflate;q=0.3\r\nX-Hop: 1\r\nConnection: TE, X-Hop, close\r\n\r\n",
    );
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
    expect(text).toContain('"te":null,"hop":null');
  });

  it.each([
    ["400", "two hosts", "GET / HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n"],
    ["400", "two hosts beside a target", "GET https://a.example/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n"],
    ["501", "another coding", "POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: gzip, chunked\r\n"],
    ["505", "a version of its own", "GET / HTTP/2.0\r\nHost: a.example\r\n"],
    ["417", "an unknown expectation", "GET / HTTP/1.1\r\nHost: a.example\r\nExpect: y\r\n"],
    ["400", "no host", "GET / HTTP/1.1\r\n"],
  ])("is answered %s with %s", async (status, _with, head) => {
    const text = await ask(await startServer(echo), `${head}Connection: close\r\n\r\n`);
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  it.each([
    ["417", "GET / HTTP/1.1\r\nHost: a.example\r\nExpect: y\r\n\r\n"],
    ["501", "POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"],
    ["501", "CONNECT a.example:1 HTTP/1.1\r\nHost: a.example\r\n\r\n"],
    ["505", "GET / HTTP/2.0\r\nHost: a.example\r\n\r\n"],
    ["431", `GET / HTTP/1.1\r\nHost: a.example\r\n${"a:b\r\n".repeat(128)}\r\n`],
    ["400", "GET / HTTP/1.1\r\n\r\n"],
    ["400", "what is this\r\n\r\n"],
  ])(
    "that is refused with %s is counted once, and has its connection dropped with what follows",
    async (status, message) => {
      const begun = countRequests();
      const gateway = await startServer(echo);
      const text = await ask(gateway, message.repeat(20));
      expect(text.match(/HTTP\/1\.1 \d+/g) ?? []).toEqual([`HTTP/1.1 ${status}`]);
      expect(gateway.stats().refused).toEqual({ malformed: 1 });
      expect(begun()).toBeLessThanOrEqual(1);
    },
  );

  it("that was refused has its connection closed, though its client goes on", async () => {
    const gateway = await startServer(echo);
    const { socket, text } = await openHttp1(gateway);
    socket.allowHalfOpen = true;
    socket.write("GET / HTTP/1.1\r\nHost: a.example\r\nExpect: y\r\n\r\n");
    await expect.poll(() => gateway.stats().sources).toBe(0);
    expect(text()).toMatch(/^HTTP\/1\.1 417 /);
  });

  it("is asked for its body, if its client waits for that, once it has room", async () => {
    const gateway = await startServer(async (request) => new Response(await request.text()));
    const { socket, text } = await openHttp1(gateway);
    socket.write("POST / HTTP/1.1\r\nHost: a.example\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
    await expect.poll(text).toMatch(/^HTTP\/1\.1 100 /);
    socket.write("body");
    await expect.poll(text).toMatch(/body/);
  });

  it("that waits to be asked for its body is asked on no connection that is over", async () => {
    const begun = countRequests();
    const gateway = await startServer(() => new Promise(() => undefined));
    const head = "POST / HTTP/1.1\r\nHost: a.example\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n";
    await ask(gateway, head.repeat(100));
    expect(gateway.stats().refused).toEqual({ ahead: 1 });
    expect(begun()).toBeLessThanOrEqual(maxPipelinedRequests + 1);
  });

  it("keeps no trailers while it waits for the app", async () => {
    const requests: IncomingMessage[] = [];
    const began = channel("http.server.request.start");
    const onBegun = (message: unknown): void =>
      void requests.push((message as { readonly request: IncomingMessage }).request);
    began.subscribe(onBegun);
    onTestFinished(() => void began.unsubscribe(onBegun));
    const { socket } = await openHttp1(await startServer(() => new Promise(() => undefined)));
    const trailers = "x-trailer: 1\r\n".repeat(100);
    socket.write("POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    socket.write(`0\r\n${trailers}\r\n`);
    await expect.poll(() => requests[0]?.complete).toBe(true);
    expect(requests[0]?.rawTrailers).toEqual([]);
  });

  it("gets no refusal of what comes behind it into its answer", async () => {
    const asked = Promise.withResolvers<void>();
    const gateway = await startServer(() => {
      asked.resolve();
      const halves = new ReadableStream({
        start: (controller) => controller.enqueue("aaaa"),
      });
      return new Response(halves, { headers: { "content-length": "8" } });
    });
    const { socket, text } = await openHttp1(gateway);
    socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await asked.promise;
    await expect.poll(text).toContain("aaaa");
    socket.write("what is this\r\n\r\n");
    await once(socket, "close");
    expect(text()).toMatch(/aaaa$/);
  });
});

it("the app is told an IPv4 address as such where the server listens on both families", async () => {
  const addresses = Object.values(networkInterfaces()).flat();
  const ours = addresses.find((address) => address?.family === "IPv4" && !address.internal)?.address;
  const gateway = await startHttp2(
    { fetch: (request) => new Response(String(Reflect.get(request, "ip"))) },
    { host: "::" },
  );
  const { socket, text } = await openHttp1({ port: gateway.port, host: ours ?? "127.0.0.1" });
  socket.write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  await once(socket, "close");
  expect(text()).toContain(`\r\n${ours}\r\n`);
});

it.each(["maxConnections", "connectionsPerSecond", "idleTimeoutMs"])(
  "%s is a whole number from 1",
  async (name) => {
    for (const value of [0, -1, Number.NaN, 1.5]) {
      await expect(startHttp2({ fetch: echo }, { [name]: value })).rejects.toMatchObject({
        code: "ERR_QUICPIPE_OPTION_INVALID",
        details: { option: name },
      });
    }
  },
);
