import { once } from "node:events";
import { H3 } from "h3";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { post } from "../../../scripts/hostile/clients/http3-frames.ts";
import { frame, frameType, RawHttp2, requestFrame } from "../../../scripts/hostile/clients/raw-http2.ts";
import type { Http3App } from "../../../src/gateway/index.ts";
import { testCertificate } from "../harness/certificate.ts";
import { openRawHttp3, startHttp2, startHttp3, targetAt } from "../harness/gateway.ts";
import { openHttp1 } from "../harness/http/http1-client.ts";
import { connectHttp2 } from "../harness/http/http2-client.ts";
import { connectHttp3 } from "../harness/http/http3-client.ts";

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

/** Has an h3 app read a request, and the client break it off. */
const breaks: Readonly<Record<string, (app: Http3App, asked: Promise<void>, path: string) => Promise<void>>> =
  {
    "HTTP/1.1": async (app, asked, path) => {
      const { socket } = await openHttp1(await startHttp2(app));
      socket.write(`POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\nhalf`);
      await asked;
      socket.destroy();
    },
    "HTTP/2": async (app, asked, path) => {
      const client = await RawHttp2.open(await targetAt(await startHttp2(app)));
      onTestFinished(() => client.close());
      await client.send(requestFrame(1, "POST", path), frame(frameType.data, 0, 1, Buffer.from("half")));
      await asked;
      await client.send(frame(frameType.reset, 0, 1, Buffer.of(0, 0, 0, 8)));
    },
    "HTTP/3": async (app, asked, path) => {
      const target = await targetAt(await startHttp3(app));
      const client = await openRawHttp3(target);
      const id = client.request(post(path, target), false);
      await asked;
      client.reset(id);
    },
    "HTTP/3, with more than was announced": async (app, asked, path) => {
      const target = await targetAt(await startHttp3(app));
      const client = await openRawHttp3(target);
      const id = client.request([...post(path, target), ["content-length", "2"]], false);
      await asked;
      client.send(id, Buffer.from([0, 4, 1, 2, 3, 4]));
    },
  };

describe("an h3 app prints nothing where a client breaks off", () => {
  const cases = Object.keys(breaks).flatMap((way) =>
    ["/body", "/signal"].map((path) => [way, path] as const),
  );

  it.each(cases)("over %s what the app waits for by %s", async (way, path) => {
    const print = vi.spyOn(console, "error").mockReturnValue();
    onTestFinished(() => print.mockRestore());
    const [asked, failed] = [Promise.withResolvers<void>(), Promise.withResolvers<unknown>()];
    const waits: Readonly<Record<string, (request: Request) => Promise<unknown>>> = {
      "/body": (request) => request.text(),
      "/signal": ({ signal }) =>
        new Promise((_, reject) => void signal.addEventListener("abort", () => reject(signal.reason))),
    };
    const app = new H3().post(path, async ({ req }) => {
      const waiting = waits[path]!(req);
      asked.resolve();
      await waiting.catch(failed.resolve);
      return await waiting;
    });
    await breaks[way]!(app, asked.promise, path);
    expect(await failed.promise).toMatchObject({ code: "ABORT_ERR" });
    await new Promise((resolve) => void setImmediate(resolve));
    expect(print).not.toHaveBeenCalled();
  });
});
