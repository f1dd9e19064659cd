import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { constants } from "node:http2";
import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import { H3 } from "h3";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { get } from "../../../scripts/hostile/clients/http3-frames.ts";
import { type Http2Gateway, type Http3App, type Http3Gateway, serve } from "../../../src/gateway/index.ts";
import { http3Code } from "../../../src/http3/index.ts";
import { testCertificate } from "../harness/certificate.ts";
import { startHttp2, startHttp3, targetAt, openRawHttp3 } from "../harness/gateway.ts";
import { openHttp1 } from "../harness/http/http1-client.ts";
import { connectHttp2 } from "../harness/http/http2-client.ts";
import { commonPort } from "../harness/network/ports.ts";
import { createRelay } from "../harness/relay.ts";

// So that a busy machine answers in the time of a closing server.
vi.mock("../../../src/defaults/index.ts", async (original) => ({
  ...(await original()),
  lastWordsMs: 1500,
}));

/** A request whose answer is read to its end. */
interface Asked {
  /** Resolves with the whole answer as text, once it has ended as it should. */
  readonly answer: Promise<string>;
  /** Resolves with how the server told the client to ask for no more. */
  readonly farewell: Promise<unknown>;
}

type Fields = Record<string, string>;

async function askHttp1(port: number, path: string, fields: Fields): Promise<Asked> {
  const { socket, text } = await openHttp1({ port });
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n${lines.join("")}\r\n`);
  const closed = once(socket, "close");
  const answer = closed.then(() => {
    // The last chunk (RFC 9112 §7.1), or all of the announced length.
    expect(text()).toMatch(/\r\n0\r\n\r\n$|content-length/);
    return text();
  });
  return { answer, farewell: answer.then((all) => /^connection: (.*)$/im.exec(all)?.[1]) };
}

async function askHttp2(port: number, path: string, fields: Fields): Promise<Asked> {
  const { certificate: ca } = await testCertificate();
  const session = connectHttp2(`https://127.0.0.1:${port}`, { ca, servername: "localhost" });
  const farewell = once(session, "goaway").then(([code]: unknown[]) => code);
  const stream = session.request({ ":path": path, ...fields });
  const answer = stream.toArray().then((pieces) => {
    expect(stream.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
    return Buffer.concat(pieces as Buffer[]).toString();
  });
  return { answer, farewell };
}

async function askHttp3(port: number, path: string, fields: Fields): Promise<Asked> {
  const client = await openRawHttp3(await targetAt({ port }));
  const id = client.request([...get(path, { port }), ...Object.entries(fields)], true);
  const answer = client.status(id).then(() => {
    expect(client.answer(id).hasEnded).toBe(true);
    return Buffer.concat(client.answer(id).bytes).toString();
  });
  return { answer, farewell: client.closed.then(() => client.closedWith) };
}

const versions = [
  ["HTTP/1.1", askHttp1, "close"],
  ["HTTP/2", askHttp2, constants.NGHTTP2_NO_ERROR],
  ["HTTP/3", askHttp3, http3Code.noError],
] as const;

async function startServer(version: string, fetch: Http3App["fetch"]): Promise<Http2Gateway | Http3Gateway> {
  return version === "HTTP/3" ? startHttp3({ fetch }) : startHttp2({ fetch });
}

describe.each(versions)("a client over %s of a server that closes", (version, ask, lastWord) => {
  it("is told that it closes, and gets the answer to its open request", async () => {
    const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<Response>()];
    const gateway = await startServer(version, () => {
      asked.resolve();
      return answer.promise;
    });
    const request = await ask(gateway.port, "/", {});
    await asked.promise;
    const closed = gateway.close();
    answer.resolve(new Response("the last answer"));
    expect(await request.answer).toContain("the last answer");
    expect(await request.farewell).toBe(lastWord);
    await closed;
  });

  it("holds the server open for no longer than lastWordsMs", async () => {
    const asked = Promise.withResolvers<void>();
    const gateway = await startServer(version, () => {
      asked.resolve();
      return new Promise(() => undefined);
    });
    const request = await ask(gateway.port, "/", {});
    request.answer.catch(() => undefined);
    request.farewell.catch(() => undefined);
    await asked.promise;
    await gateway.close();
  });

  it("has its event stream end as it should where the relay is served with it", async () => {
    const { privateKey: key, certificate: cert } = await testCertificate();
    const relay = createRelay({ port: await commonPort(), auth: "none" });
    const app = new H3().use(relay);
    const served = await serve(app, { relay, tls: { key, cert }, logger: false });
    onTestFinished(() => served.close());
    const request = await ask(served.address.port, "/v1/mailbox", { accept: "text/event-stream" });
    await expect.poll(() => relay.stats().waiters).toBe(1);
    const closed = served.close();
    expect(await request.answer).toContain("event: messages");
    await closed;
  });
});

it("a client over HTTP/3 that comes while the server closes is told so at once", async () => {
  const gateway = await startServer("HTTP/3", () => new Response(""));
  const closed = gateway.close();
  const client = await openRawHttp3(await targetAt(gateway));
  await client.closed;
  expect(client.closedWith).toBe(http3Code.noError);
  await closed;
});

it("a client over TCP whose handshake ends while the server closes is ended", async () => {
  const gateway = await startServer("HTTP/2", () => new Response(""));
  const socket = connectTcp(gateway.port, "127.0.0.1");
  await once(socket, "connect");
  await expect.poll(() => gateway.stats().sources).toBe(1);
  const closed = gateway.close();
  const { certificate: ca } = await testCertificate();
  const secure = connectTls({ socket, ca, servername: "localhost" });
  secure.on("error", () => undefined).resume();
  await once(secure, "close");
  await closed;
});

it("a client over HTTP/1.1 that has nothing open is ended with its server", async () => {
  const gateway = await startServer("HTTP/2", () => new Response("x"));
  const { socket, text } = await openHttp1({ port: gateway.port });
  socket.write("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n");
  await expect.poll(text).toContain("200 OK");
  await Promise.all([once(socket, "close"), gateway.close()]);
});

it("a relay that drains refuses registrations, and goes on listening until it is closed", async () => {
  const relay = createRelay({ auth: "none" });
  const app = new H3().use(relay);
  // There is nothing to end yet.
  relay.drain();
  const address = await relay.listen();
  const register = async (): Promise<Response> =>
    await app.fetch(
      new Request("http://localhost/v1/register", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ key: randomBytes(16).toString("base64"), num: 1 }),
      }),
    );
  expect((await register()).status).toBe(200);
  relay.drain();
  relay.drain();
  const refused = await register();
  expect([refused.status, refused.headers.has("retry-after")]).toEqual([503, true]);
  expect(relay.address()).toEqual(address);
  expect(relay.stats().registrations).toBe(1);
});
