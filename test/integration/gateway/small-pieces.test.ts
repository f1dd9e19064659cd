import { connect } from "node:http2";
import { describe, expect, it, onTestFinished } from "vitest";
import { headersFrame, post } from "../../../scripts/hostile/clients/http3-frames.ts";
import { frame, frameType, RawHttp2, requestFrame } from "../../../scripts/hostile/clients/raw-http2.ts";
import { RawHttp3 } from "../../../scripts/hostile/clients/raw-http3.ts";
import type { Target } from "../../../scripts/hostile/attack.ts";
import {
  bodyReadAheadBytes,
  headerFieldOverheadBytes,
  maxHeaderFields,
  maxStreamBytes,
  requestOverheadBytes,
} from "../../../src/defaults/index.ts";
import { Budget, type Http3App, serveHttp2, serveHttp3 } from "../../../src/gateway/index.ts";
import { openHttp1 } from "../harness/http/http1-client.ts";
import { testCertificate } from "../harness/certificate.ts";

interface Servers {
  readonly budget: Budget;
  readonly tcp: Target;
  readonly quic: Target;
}

async function serve(fetch: Http3App["fetch"]): Promise<Servers> {
  const { privateKey: key, certificate } = await testCertificate();
  const budget = new Budget();
  const options = { host: "127.0.0.1", key, cert: certificate, budget, logger: false } as const;
  const servers = await Promise.all([serveHttp2({ fetch }, options), serveHttp3({ fetch }, options)]);
  onTestFinished(async () => void (await Promise.all(servers.map((server) => server.close()))));
  const [tcp, quic] = servers.map(({ port }) => ({
    host: "127.0.0.1",
    port,
    certificate,
    token: () => Promise.resolve(""),
  }));
  return { budget, tcp: tcp!, quic: quic! };
}

const chunkedPost = "POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n";
const oneByte = Buffer.of(120);

/** Sends a request whose body is so many pieces of one byte, and does not end it. */
type Send = (servers: Servers, pieces: number) => Promise<void>;

const clients: Readonly<Record<string, Send>> = {
  "HTTP/1.1": async ({ tcp }, pieces) => {
    const { socket } = await openHttp1(tcp);
    socket.write(`${chunkedPost}\r\n${"1\r\nx\r\n".repeat(pieces)}`);
  },
  "HTTP/2": async ({ tcp }, pieces) => {
    const client = await RawHttp2.open(tcp);
    onTestFinished(() => client.close());
    const piece = frame(frameType.data, 0, 1, oneByte);
    await client.send(requestFrame(1, "POST", "/"), ...Array.from({ length: pieces }, () => piece));
  },
  "HTTP/3": async ({ quic }, pieces) => {
    const client = await RawHttp3.open(quic);
    onTestFinished(() => client.close());
    // DATA frames of one byte (RFC 9114 §7.2.1).
    const body = Array.from({ length: pieces }, () => Buffer.from([0, 1, 120]));
    client.stream(Buffer.concat([headersFrame(post("/", quic)), ...body]), false);
  },
};

describe.each(Object.entries(clients))("a body in pieces of one byte over %s", (_, send) => {
  it("ends its connection, whether or not the app reads it", async () => {
    for (const isRead of [true, false]) {
      const never = new Promise<Response>(() => undefined);
      const servers = await serve(async (request) => {
        if (isRead) await request.arrayBuffer();
        return never;
      });
      await send(servers, 5000);
      await expect
        .poll(() => servers.budget.stats())
        .toMatchObject({ refused: { pieces: 1 }, sources: 0, unreadBytes: 0 });
    }
  });

  it("reaches the app in few pieces where it came at once", async () => {
    let reads = 0;
    let bytes = 0;
    const servers = await serve(async ({ body }) => {
      for await (const piece of body!) {
        reads++;
        bytes += piece.length;
      }
      return new Response();
    });
    await send(servers, 600);
    await expect.poll(() => bytes).toBeGreaterThanOrEqual(600);
    expect(reads).toBeLessThan(100);
    expect(servers.budget.stats().refused).toEqual({});
  });
});

it("many requests with a short body are served on one connection", async () => {
  const { budget, tcp } = await serve(async (request) => new Response(await request.text()));
  const session = connect(`https://localhost:${tcp.port}`, { ca: tcp.certificate });
  onTestFinished(() => session.destroy());
  for (let i = 0; i < 2000; i++) {
    const { promise, resolve } = Promise.withResolvers<string>();
    const stream = session.request({ ":method": "POST" }).setEncoding("utf8").on("data", resolve);
    stream.end("short");
    expect(await promise).toBe("short");
  }
  expect(budget.stats().refused).toEqual({});
});

/** Sends an unfinished request with so many empty fields. Returns its status if it is refused. */
type Ask = (servers: Servers, fields: readonly (readonly [string, string])[]) => Promise<() => unknown>;

const askers: Readonly<Record<string, Ask>> = {
  "HTTP/1.1": async ({ tcp }, fields) => {
    const { socket, text } = await openHttp1(tcp);
    socket.write(`${chunkedPost}${fields.map(([name]) => `${name}:\r\n`).join("")}\r\n`);
    return () => Number(/^HTTP\/1\.1 (\d+)/.exec(text())?.[1]);
  },
  "HTTP/2": async ({ tcp }, fields) => {
    const options = { ca: tcp.certificate, strictSingleValueFields: false };
    const session = connect(`https://localhost:${tcp.port}`, options);
    onTestFinished(() => session.destroy());
    let status: unknown;
    const own = { ":method": "POST", ":scheme": "https", ":path": "/", ":authority": "localhost" };
    // A list sends each field as it is; an object would join the values of one name.
    const stream = session.request([...Object.entries(own), ...fields].flat(), { endStream: false });
    stream.on("error", () => undefined).on("response", (head) => (status = head[":status"]));
    return () => status;
  },
  "HTTP/3": async ({ quic }, fields) => {
    const client = await RawHttp3.open(quic);
    onTestFinished(() => client.close());
    const id = client.request([...post("/", quic), ...fields], false);
    let status: unknown;
    void client.status(id).then((seen) => (status = seen));
    return () => status;
  },
};

const numbers = Array.from({ length: maxHeaderFields + 1 }, (_each, i) => i);
const namings: Readonly<Record<string, (i: number) => string>> = {
  "names of their own": (i) => `x-${i}`,
  "one name, whose values Node joins": () => "x",
  "one name, of which Node keeps the first": () => "user-agent",
};
const kinds = Object.keys(askers).flatMap((version) => Object.keys(namings).map((name) => [version, name]));

describe.each(kinds)("header fields over %s with %s", (version, name) => {
  const ask = askers[version!]!;
  const many = numbers.map((i) => [namings[name!]!(i), ""] as const);

  it("are answered 431 where there are too many", async () => {
    const servers = await serve(() => new Response());
    const status = await ask(servers, many);
    await expect.poll(status).toBe(431);
  });

  it("count for the memory that each takes", async () => {
    const servers = await serve(() => new Promise<Response>(() => undefined));
    const counted = (): number => servers.budget.stats().unreadBytes;
    await ask(servers, []);
    await expect.poll(counted).toBeGreaterThan(requestOverheadBytes);
    const without = counted();
    await ask(servers, many.slice(0, 100));
    await expect.poll(counted).toBeGreaterThan(2 * without + 100 * headerFieldOverheadBytes);
  });
});

it("an upload over HTTP/1.1 is held back until the app reads it, and arrives whole", async () => {
  const reading = Promise.withResolvers<void>();
  const servers = await serve(async (request) => {
    await reading.promise;
    return new Response(String((await request.arrayBuffer()).byteLength));
  });
  const { socket, text } = await openHttp1(servers.tcp);
  const body = Buffer.alloc(maxStreamBytes * 2);
  socket.write(`POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n\r\n`);
  socket.write(body);
  await expect.poll(() => servers.budget.stats().unreadBytes).toBeGreaterThan(bodyReadAheadBytes);
  reading.resolve();
  await expect.poll(text).toContain(String(body.length));
  expect(servers.budget.stats().refused).toEqual({});
});
