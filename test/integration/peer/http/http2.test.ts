import { once } from "node:events";
import { constants, createSecureServer, type Http2SecureServer, type ServerHttp2Stream } from "node:http2";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { connect, createServer as createTls } from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import * as defaults from "../../../../src/defaults/index.ts";
import type { HttpRequest } from "../../../../src/peer/http/http.ts";
import { Http2Session } from "../../../../src/peer/http/http2.ts";
import { openOverTcp } from "../../../../src/peer/http/over-tcp.ts";
import { relayTrust } from "../../../../src/peer/trust/relay-trust.ts";
import { testCertificate } from "../../harness/certificate.ts";

/** A server of HTTP/1.1 alone that answers with its version. */
async function startHttp1(): Promise<Server> {
  const { certificate: cert, privateKey: key } = await testCertificate();
  const server = createServer({ cert, key }, (request, response) => response.end(request.httpVersion));
  onTestFinished(() => void server.close());
  await once(server.listen(0, "127.0.0.1"), "listening");
  return server;
}

type Handle = (stream: ServerHttp2Stream) => void;

/** A server of HTTP/2 alone that treats streams as the test says. */
async function startServer(handle: Handle): Promise<Http2SecureServer> {
  const { certificate: cert, privateKey: key } = await testCertificate();
  const server = createSecureServer({ cert, key }).listen(0, "127.0.0.1");
  server.on("session", (session) => void onTestFinished(() => session.destroy()));
  server.on("stream", (stream: ServerHttp2Stream) => handle(stream.on("error", () => undefined)));
  onTestFinished(() => void server.close());
  await once(server, "listening");
  return server;
}

async function optionsFor(
  server: { address(): unknown },
  signal = new AbortController().signal,
): Promise<Parameters<typeof openOverTcp>[0]> {
  const { port } = server.address() as AddressInfo;
  const { certificate } = await testCertificate();
  const tls = { host: "127.0.0.1", trust: relayTrust("127.0.0.1", certificate) };
  const authority = `127.0.0.1:${port}`;
  return { addresses: ["127.0.0.1"], port, authority, tls, http3Lack: "unavailable", signal };
}

async function open(handle: Handle): Promise<Http2Session> {
  const session = await Http2Session.open(await optionsFor(await startServer(handle)));
  onTestFinished(() => session.close());
  return session;
}

const get: HttpRequest = { method: "GET", path: "/", headers: {}, timeoutMs: 60_000, isIdempotent: true };

function lost(sent: boolean): object {
  return { code: "ERR_QUICPIPE_RELAY_UNREACHABLE", details: { sent } };
}

describe("a session over HTTP/2", () => {
  it("carries all requests over one connection, with fields and bodies both ways", async () => {
    let connections = 0;
    const server = await startServer((stream) => {
      stream.respond({ ":status": 201, "x-kind": ["a", "b"] });
      stream.pipe(stream);
    });
    server.on("session", () => connections++);
    const session = await Http2Session.open(await optionsFor(server));
    onTestFinished(() => session.close());
    const bodies = ["one", "x".repeat(100_000), "three"].map((text) => Buffer.from(text));
    const answers = await Promise.all(
      bodies.map((body) => session.request({ ...get, method: "POST", body })),
    );
    expect(answers.map(({ body }) => Buffer.from(body))).toEqual(bodies);
    expect(answers[0]!.status).toBe(201);
    expect(answers[0]!.headers.get("x-kind")).toBe("a, b");
    expect([connections, session.remoteAddress]).toEqual([1, "127.0.0.1"]);
  });

  it("takes no answer that is cut off", async () => {
    const ends: Handle[] = [(stream) => stream.destroy(new Error("broken")), (stream) => stream.end()];
    for (const end of ends) {
      const session = await open((stream) => {
        stream.respond({ "content-length": 8 });
        stream.write("half", () => end(stream));
      });
      await expect(session.request(get)).rejects.toMatchObject(lost(true));
    }
    const session = await open((stream) => {
      stream.respond();
      stream.write("half", () => stream.session!.destroy());
    });
    await expect(session.request(get)).rejects.toMatchObject(lost(true));
    await expect.poll(() => session.usable).toBe(false);
    await expect(session.request(get)).rejects.toMatchObject(lost(false));
  });

  it("knows a request that the server has refused to look at", async () => {
    const session = await open((stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM));
    await expect(session.request(get)).rejects.toMatchObject(lost(false));
  });

  it("takes no more of an answer than its limit, and goes on with the next", async () => {
    let requests = 0;
    const session = await open((stream) => {
      stream.respond();
      stream.end(Buffer.alloc(requests++ === 0 ? defaults.maxAnswerBytes + 1 : 1));
    });
    await expect(session.request(get)).rejects.toMatchObject({ code: "ERR_QUICPIPE_RELAY_REFUSED" });
    expect((await session.request(get)).body.length).toBe(1);
  });

  it("ends with its last request after GOAWAY", async () => {
    const answering = Promise.withResolvers<void>();
    const session = await open((stream) => {
      stream.session!.goaway();
      void answering.promise.then(() => stream.respond({ ":status": 204 }, { endStream: true }));
    });
    const answer = session.request(get);
    await expect.poll(() => session.usable).toBe(false);
    answering.resolve();
    expect((await answer).status).toBe(204);
  });

  it("is not used again after a request without an answer", async () => {
    const session = await open(() => undefined);
    await expect(session.request({ ...get, timeoutMs: 50 })).rejects.toMatchObject({
      ...lost(true),
      message: expect.stringContaining("/ got no answer in 50 ms"),
    });
    expect(session.usable).toBe(false);
  });

  it("sends no field that HTTP cannot carry, and gives up what its caller gives up", async () => {
    const session = await open(() => undefined);
    const headers = { authorization: "Bearer a\nb" };
    await expect(session.request({ ...get, headers })).rejects.toMatchObject(lost(false));
    const giving = new AbortController();
    const answer = session.request({ ...get, signal: giving.signal });
    giving.abort();
    await expect(answer).rejects.toMatchObject(lost(true));
    expect(session.usable).toBe(true);
  });

  it("is not opened to a certificate that is not the relay's", async () => {
    const options = await optionsFor(await startServer(() => undefined));
    const { certificate } = await testCertificate();
    const tls = { host: "relay.example", trust: relayTrust("relay.example", certificate) };
    await expect(Http2Session.open({ ...options, tls })).rejects.toMatchObject({
      message: expect.stringContaining(
        "its certificate is valid for localhost, 127.0.0.1, not for relay.example",
      ),
      details: { untrusted: true },
    });
  });
});

describe("a session over TCP", () => {
  it("is one over HTTP/1.1 where the server does not speak HTTP/2", async () => {
    const server = await startHttp1();
    const session = await openOverTcp(await optionsFor(server));
    onTestFinished(() => session?.close());
    const answer = await session!.request(get);
    expect(Buffer.from(answer.body).toString()).toBe("1.1");
  });

  it("is one over HTTP/1.1 where TLS chooses no protocol, as behind a TLS proxy without ALPN", async () => {
    const { certificate: cert, privateKey: key } = await testCertificate();
    const { port } = (await startHttp1()).address() as AddressInfo;
    const trusting = { host: "127.0.0.1", port, rejectUnauthorized: false };
    const proxy = createTls({ cert, key }, (socket) => {
      const onward = connect(trusting);
      onTestFinished(() => void onward.destroy());
      for (const each of [socket, onward]) each.on("error", () => undefined);
      socket.pipe(onward).pipe(socket);
    });
    onTestFinished(() => void proxy.close());
    await once(proxy.listen(0, "127.0.0.1"), "listening");
    const options = await optionsFor(proxy);
    await expect(Http2Session.open(options)).rejects.toMatchObject({
      ...lost(false),
      message: expect.stringContaining("it speaks no HTTP/2"),
    });
    const session = await openOverTcp(options);
    onTestFinished(() => session?.close());
    const answer = await session!.request(get);
    expect(Buffer.from(answer.body).toString()).toBe("1.1");
  });

  it("is none where its caller gives up", async () => {
    const server = await startServer(() => undefined);
    expect(await openOverTcp(await optionsFor(server, AbortSignal.abort()))).toBeUndefined();
  });
});
