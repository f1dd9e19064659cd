import { once } from "node:events";
import type { ClientHttp2Session, ClientHttp2Stream } from "node:http2";
import { setTimeout as sleep } from "node:timers/promises";
import type { TLSSocket } from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import { frame, frameType, RawHttp2, requestFrame } from "../../../../scripts/hostile/clients/raw-http2.ts";
import { Budget } from "../../../../src/gateway/budget/budget.ts";
import type { Http2Gateway, Http2GatewayOptions, Http3App } from "../../../../src/gateway/index.ts";
import type { Logger } from "../../../../src/plugin/index.ts";
import { testCertificate } from "../../harness/certificate.ts";
import { startHttp2, targetAt } from "../../harness/gateway.ts";
import { openHttp1 } from "../../harness/http/http1-client.ts";
import { connectHttp2 } from "../../harness/http/http2-client.ts";

const MiB = 2 ** 20;

function startServer(
  fetch: Http3App["fetch"],
  options?: Partial<Http2GatewayOptions>,
): Promise<Http2Gateway> {
  return startHttp2({ fetch }, options);
}

async function openHttp2({ port }: Http2Gateway, settings = {}): Promise<ClientHttp2Session> {
  const { certificate: ca } = await testCertificate();
  const session = connectHttp2(`https://127.0.0.1:${port}`, { ca, servername: "localhost", settings });
  await once(session, "connect");
  return session;
}

function request(
  session: ClientHttp2Session,
  headers: Record<string, string>,
  body?: Buffer,
): ClientHttp2Stream {
  const stream = session.request({ ":path": "/", ...headers }, { endStream: body === undefined });
  stream.on("error", () => undefined);
  if (body) stream.end(body);
  return stream;
}

async function statusOf(stream: ClientHttp2Stream): Promise<number> {
  const [headers] = (await once(stream, "response")) as [Record<string, number>];
  return headers[":status"]!;
}

function ended(emitter: ClientHttp2Stream | TLSSocket): Promise<void> {
  return new Promise((resolve) => {
    emitter.on("error", () => undefined).once("close", resolve);
  });
}

const silence = (): Promise<Response> => new Promise(() => undefined);

/** A logger that keeps the lines. */
function gatherLines(): { logger: Logger; lines: string[] } {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  return { logger: { error: write, warn: write, info: write, debug: write }, lines };
}

describe("a connection to the TCP port", () => {
  it("ends that asks once in a while, to be kept", async () => {
    let asked = 0;
    const fetch = (): Response => {
      asked++;
      return new Response("x");
    };
    const gateway = await startServer(fetch, { idleTimeoutMs: 1500 });
    const session = await openHttp2(gateway);
    const { socket, text } = await openHttp1(gateway);
    while (!session.closed || !socket.destroyed) {
      if (!session.closed) request(session, {}).resume();
      if (!socket.destroyed) socket.write("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n");
      await sleep(500);
    }
    expect(asked).toBeGreaterThan(1);
    expect(text()).toContain("200 OK");
  });

  it("stays for as long as a request waits for the app", async () => {
    const gateway = await startServer(silence, { idleTimeoutMs: 500 });
    const session = await openHttp2(gateway);
    request(session, {});
    await once(await openHttp2(gateway), "close");
    expect(session.closed).toBe(false);
  });

  it("ends where no request comes in time, with or without a handshake", async () => {
    const gateway = await startServer(() => new Response(""), { idleTimeoutMs: 300 });
    const [session, { socket }] = [await openHttp2(gateway), await openHttp1(gateway)];
    socket.write("GET / HTTP/1.1\r\nhost: localhost\r\nx-slow: ");
    await Promise.all([once(session, "close"), once(socket, "close")]);
  });
});

it("a client that sends what no request waits for loses its connection", async () => {
  const gateway = await startServer(() => new Response("no", { status: 401 }));
  const { socket, text } = await openHttp1(gateway);
  socket.write("POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100000000\r\n\r\n");
  await expect.poll(text).toContain("401 Unauthorized");
  const client = await RawHttp2.open(await targetAt(gateway));
  const pings = Array.from({ length: 2000 }, () => frame(frameType.ping, 0, 0, Buffer.alloc(8)));
  const timer = setInterval(() => {
    if (!client.isClosed) void client.send(...pings);
    if (!socket.destroyed) socket.write(Buffer.alloc(100_000));
  }, 10);
  onTestFinished(() => clearInterval(timer));
  await ended(socket);
  await expect.poll(() => client.isClosed).toBe(true);
});

describe("a request over TCP", () => {
  it("is held back while the app is busy, and comes through whole", async () => {
    const budget = new Budget();
    let highestBytes = 0;
    const fetch: Http3App["fetch"] = async ({ body }) => {
      let bytes = 0;
      await sleep(500);
      for await (const piece of body!) {
        if (bytes % 7 === 0) await sleep(1);
        highestBytes = Math.max(highestBytes, budget.stats().unreadBytes);
        bytes += piece.length;
      }
      return new Response(String(bytes));
    };
    const gateway = await startServer(fetch, { budget });
    const body = Buffer.alloc(20 * MiB, "x");
    const stream = request(await openHttp2(gateway), { ":method": "POST" }, body);
    const { socket, text } = await openHttp1(gateway);
    socket.write(`POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n\r\n`);
    socket.write(body);
    expect(String((await stream.toArray())[0])).toBe(String(body.length));
    await expect.poll(text).toMatch(new RegExp(`\r\n${body.length}\r\n`));
    expect(highestBytes).toBeGreaterThan(0);
    expect(highestBytes).toBeLessThan(2 * MiB);
    expect(budget.stats()).toMatchObject({ unreadBytes: 0, refused: {} });
  });

  it("is aborted for the app where the client takes it back in the middle of its body", async () => {
    const heard: unknown[] = [];
    const gateway = await startServer(async (got) => {
      heard.push("asked");
      got.signal.addEventListener("abort", () => heard.push("abort"));
      await got.text().then(
        () => heard.push("whole"),
        () => heard.push("broken"),
      );
      return new Response("");
    });
    const target = await targetAt(gateway);
    for (const code of [0, 8]) {
      heard.length = 0;
      const client = await RawHttp2.open(target);
      await client.send(requestFrame(1, "POST", "/"), frame(frameType.data, 0, 1, Buffer.from("half")));
      await expect.poll(() => heard).toEqual(["asked"]);
      await client.send(frame(frameType.reset, 0, 1, Buffer.of(0, 0, 0, code)));
      await expect.poll(() => heard.toSorted()).toEqual(["abort", "asked", "broken"]);
      client.close();
    }
  });

  it("is answered before its body has ended, and the connection goes on if that ends soon", async () => {
    const gateway = await startServer(() => new Response("no", { status: 401 }));
    const { socket, text } = await openHttp1(gateway);
    socket.write("POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\n\r\nxx");
    await expect.poll(text).toContain("401 Unauthorized");
    socket.write("xxGET / HTTP/1.1\r\nhost: localhost\r\n\r\n");
    await expect.poll(() => text().split("401 Unauthorized").length).toBe(3);
    socket.write("POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\n\r\nxx");
    await once(socket, "close");
  });

  it("that waits for long counts in the share of its source", async () => {
    const gateway = await startServer(silence, { budget: new Budget({ maxWaitsPerSource: 2 }) });
    const [one, other] = [await openHttp2(gateway), await openHttp2(gateway)];
    const streams = [request(one, {}), request(one, {}), request(other, {})];
    expect(await Promise.race(streams.map(statusOf))).toBe(503);
    expect(await statusOf(request(one, {}))).toBe(503);
    expect(streams.filter(({ closed }) => !closed)).toHaveLength(2);
  });

  it("is asked for its body where it waits for that", async () => {
    const gateway = await startServer(async (got) => new Response(await got.text()));
    const stream = request(await openHttp2(gateway), { ":method": "POST", expect: "100-continue" });
    await once(stream, "continue");
  });
});

describe("what cannot be a request over TCP", () => {
  const cases = [
    [{ ":method": "TRACE" }, 405],
    [{ ":authority": "localhost:99999" }, 400],
    [{ ":scheme": "http" }, 421],
  ] as const;

  it.each(cases)("is refused over HTTP/2: %j", async (fields, status) => {
    const gateway = await startServer(() => new Response("never"));
    expect(await statusOf(request(await openHttp2(gateway), fields))).toBe(status);
  });

  it("is refused over HTTP/2: CONNECT", async () => {
    const gateway = await startServer(() => new Response("never"));
    const stream = (await openHttp2(gateway)).request({ ":method": "CONNECT", ":authority": "x:1" });
    expect(await statusOf(stream)).toBe(501);
  });

  it.each([
    ["TRACE / HTTP/1.1\r\nhost: localhost", 405],
    ["CONNECT x:1 HTTP/1.1\r\nhost: x:1", 501],
    ["GET / HTTP/1.1\r\nhost: localhost:99999", 400],
    ["GET / HTTP/1.1\r\nhost: ", 400],
    ["GET / HTTP/1.1", 400],
    ["GARBAGE", 400],
    [`GET / HTTP/1.1\r\nhost: localhost\r\nx-long: ${"x".repeat(20_000)}`, 431],
  ])("is refused over HTTP/1.1: %j", async (head, status) => {
    const gateway = await startServer(() => new Response("never"));
    const { socket, text } = await openHttp1(gateway);
    socket.write(`${head}\r\n\r\n`);
    await expect.poll(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  it("makes a few lines of log, however many there are", async () => {
    const { logger, lines } = gatherLines();
    const gateway = await startServer(() => new Response("never"), { logger });
    const session = await openHttp2(gateway);
    // More than lines, and fewer than end the connection.
    for (let i = 0; i < 30; i++) await statusOf(request(session, { ":method": "TRACE" }));
    expect(lines).toHaveLength(10);
  });
});

describe("an answer over TCP", () => {
  it("has its status, fields and body, whatever the version", async () => {
    const gateway = await startServer(({ method, url }) => {
      const headers = new Headers({ "x-path": new URL(url).pathname, connection: "close" });
      for (const cookie of ["a=1", "b=2"]) headers.append("set-cookie", cookie);
      if (url.endsWith("/empty")) return new Response(null, { status: 204, headers });
      return new Response(method === "HEAD" ? null : "body", { status: 201, headers });
    });
    const session = await openHttp2(gateway);
    const answer = async (headers: Record<string, string>): Promise<unknown[]> => {
      const stream = request(session, headers);
      const [fields] = (await once(stream, "response")) as [Record<string, unknown>];
      return [
        fields[":status"],
        fields["x-path"],
        fields["set-cookie"],
        Buffer.concat(await stream.toArray()).toString(),
      ];
    };
    const cookies = ["a=1", "b=2"];
    expect(await answer({ ":path": "/a%20b?c" })).toEqual([201, "/a%20b", cookies, "body"]);
    expect(await answer({ ":method": "HEAD" })).toEqual([201, "/", cookies, ""]);
    expect(await answer({ ":path": "/empty" })).toEqual([204, "/empty", cookies, ""]);
    const { socket, text } = await openHttp1(gateway);
    socket.write("GET /empty HTTP/1.1\r\nhost: localhost\r\n\r\nHEAD /x HTTP/1.1\r\nhost: localhost\r\n\r\n");
    socket.write("GET /x HTTP/1.1\r\nhost: localhost\r\n\r\n");
    await expect.poll(text).toMatch(/204 No Content[^]*201 Created[^]*201 Created[^]*body/);
    expect(text()).toMatch(/set-cookie: a=1\r\nset-cookie: b=2\r\n/);
  });

  it("of an app that fails is 500, and does not tell why", async () => {
    const gateway = await startServer(() => {
      throw new TypeError("a secret of the app");
    });
    const stream = request(await openHttp2(gateway), {});
    expect(await statusOf(stream)).toBe(500);
    expect(Buffer.concat(await stream.toArray()).toString()).not.toContain("secret");
  });
});
