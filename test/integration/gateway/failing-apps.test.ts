import { once } from "node:events";
import { expect, it } from "vitest";
import type { Http3App } from "../../../src/gateway/index.ts";
import { testCertificate } from "../harness/certificate.ts";
import { startHttp2, startHttp3 } from "../harness/gateway.ts";
import { openHttp1 } from "../harness/http1-client.ts";
import { connectHttp2 } from "../harness/http2-client.ts";
import { connectHttp3 } from "../harness/http3-client.ts";

function bodyOf(pull: (controller: ReadableStreamDefaultController<unknown>) => void): Response {
  return new Response(new ReadableStream({ pull }) as ReadableStream<Uint8Array>);
}

function readBefore(): Response {
  const response = new Response("x");
  response.body!.getReader();
  return response;
}

function fail(): never {
  throw new Error("no");
}

/** What an app without types may do. */
const failures: Readonly<Record<string, () => unknown>> = {
  "/nothing": () => undefined,
  "/null": () => null,
  "/text": () => "no response",
  "/object": () => ({ status: "200", headers: [], body: "x" }),
  "/error": () => Response.error(),
  "/read": readBefore,
  "/bare": () => bodyOf((controller) => controller.enqueue(Object.create(null))),
  "/thrown": () => Promise.reject(null as unknown as Error),
  "/broken": () =>
    bodyOf(() => {
      throw new Error("broken");
    }),
};

/** A response whose body waits, and whose end throws. */
const rude = {
  status: 200,
  headers: [],
  body: { getReader: () => ({ read: () => new Promise(() => undefined), cancel: fail }), cancel: fail },
};

const fetch = (({ url }: Request) =>
  (failures[new URL(url).pathname] ?? (() => new Response("well")))()) as Http3App["fetch"];

it("whatever an app does wrong, its server goes on, over each version of HTTP", async () => {
  const { certificate: cert } = await testCertificate();
  const [http2, http3] = [await startHttp2({ fetch }), await startHttp3({ fetch })];
  const session = connectHttp2(`https://127.0.0.1:${http2.port}`, { ca: cert, servername: "localhost" });
  const client = await connectHttp3(http3.port, cert, "auto");
  for (const path of Object.keys(failures)) {
    const { socket } = await openHttp1(http2);
    socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
    const stream = session.request({ ":path": path });
    await Promise.allSettled([
      new Promise((resolve) => void socket.once("close", resolve)),
      stream.toArray(),
      client.request(path),
    ]);
  }
  const last = session.request({ ":path": "/" });
  expect(Buffer.concat(await last.toArray()).toString()).toBe("well");
  expect((await client.request("/")).body.toString()).toBe("well");
  for (const path of ["/nothing", "/text", "/thrown"])
    expect(await client.request(path), path).toMatchObject({ status: 500 });
});

it("a client that goes while an answer waits ends no server, though the answer's end throws", async () => {
  const { certificate: cert } = await testCertificate();
  const app = {
    fetch: (({ url }: Request) => (url.endsWith("/rude") ? rude : new Response("well"))) as Http3App["fetch"],
  };
  const server = await startHttp2(app);
  const session = connectHttp2(`https://127.0.0.1:${server.port}`, { ca: cert, servername: "localhost" });
  const stream = session.request({ ":path": "/rude" });
  await once(stream, "response");
  stream.close();
  await once(stream, "close");
  expect(Buffer.concat(await session.request({ ":path": "/" }).toArray()).toString()).toBe("well");
  await expect.poll(() => server.stats()).toMatchObject({ unreadBytes: 0, unsentBytes: 0 });
});
