import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { H3 } from "h3";
import { describe, expect, it } from "vitest";
import { get } from "../../../../scripts/hostile/clients/http3-frames.ts";
import { RawHttp3 } from "../../../../scripts/hostile/clients/raw-http3.ts";
import { Budget, type Http3GatewayOptions } from "../../../../src/gateway/index.ts";
import { startHttp3, targetAt, openRawHttp3 } from "../../harness/gateway.ts";
import { connectHttp3 } from "../../harness/http/http3-client.ts";
import { startRelay } from "../../harness/relay.ts";
import { initialPacket } from "../../harness/packets.ts";
import { openSocket } from "../../harness/udp-peer.ts";

const runtimes = ["auto", "wasm"] as const;

function echoApp(): H3 {
  return new H3()
    .get("/ip", (event) => ({ ip: event.req.ip }))
    .post("/echo", async (event) => new Uint8Array(await event.req.arrayBuffer()))
    .get("/bytes/:count", (event) => new Uint8Array(Number(event.context.params?.["count"])).fill(7));
}

describe.each(runtimes)("an ordinary HTTP/3 client (%s runtime) at the relay's port", (runtime) => {
  it("is served as if the relay were not there", async () => {
    // Its window does not hold this client back (`windowBytes`).
    const body = randomBytes(200_000);
    const { port, certificate, relay } = await startRelay({}, echoApp(), { windowBytes: body.length + 1000 });
    const client = await connectHttp3(port, certificate, runtime);
    const echoed = await client.request("/echo", { method: "POST", body });
    expect(echoed.status).toBe(200);
    expect(echoed.body.equals(body)).toBe(true);
    expect((await client.request("/bytes/2000000")).body.length).toBe(2_000_000);
    expect((await client.request("/nothing")).status).toBe(404);
    expect(relay.stats().relayed.packets).toBe(0);
    const { packetsIn, packetsOut } = relay.stats().gateway;
    // What comes in batches is acknowledged less often.
    expect(packetsIn).toBeGreaterThan(10);
    expect(packetsOut).toBeGreaterThan(100);
  });

  it("is one client among several that the server tells apart", async () => {
    const { port, certificate } = await startRelay({}, echoApp());
    const clients = await Promise.all(
      Array.from({ length: 4 }, () => connectHttp3(port, certificate, runtime)),
    );
    const answers = await Promise.all(clients.map((client) => client.request("/ip")));
    const addresses = answers.map((answer) => (JSON.parse(answer.body.toString()) as { ip: string }).ip);
    expect(new Set(addresses).size).toBe(4);
    for (const address of addresses) expect(address).toMatch(/^127\./);
  });

  it("has a real address that the relay tells of", async () => {
    const app = echoApp();
    const { port, certificate, relay } = await startRelay({}, app);
    app.get("/source", (event) => relay.sourceOf(event.req.ip ?? "") ?? {});
    const client = await connectHttp3(port, certificate, runtime);
    const { body } = await client.request("/source");
    expect(JSON.parse(body.toString())).toEqual({ address: "127.0.0.1", port: expect.any(Number) });
    expect(relay.sourceOf("127.0.0.1", port)).toBeUndefined();
    await relay.close();
    expect(relay.sourceOf("127.0.0.1", port)).toBeUndefined();
  });

  it("registers the address that the relay saw, and no other", async () => {
    const { port, certificate } = await startRelay();
    const client = await connectHttp3(port, certificate, runtime);
    const { status, body } = await client.request("/v1/register", {
      method: "POST",
      headers: { "x-forwarded-for": "127.1.0.1" },
      body: JSON.stringify({ key: randomBytes(16).toString("base64"), num: 10 }),
    });
    expect(status).toBe(200);
    const answer = JSON.parse(body.toString()) as { address: string; relay: string };
    expect(answer.address).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(answer.relay).toBe(`localhost:${port}`);
  });
});

describe("a long poll over HTTP/3, through the relay that closes with a grace", () => {
  it.each([0, 1])("is answered before the relay's socket is closed, with %d registrations", async (held) => {
    const { port, certificate, relay } = await startRelay();
    const client = await connectHttp3(port, certificate, "auto");
    for (let i = 0; i < held; i++)
      await client.request("/v1/register", {
        method: "POST",
        body: JSON.stringify({ key: randomBytes(16).toString("base64"), num: 1 }),
      });
    const poll = client.request("/v1/messages", { headers: { prefer: "wait=60" } });
    await expect.poll(() => relay.stats().waiters).toBe(1);
    const closed = relay.close({ graceMs: 1500 });
    expect(JSON.parse((await poll).body.toString())).toEqual({ messages: [] });
    await closed;
  });
});

describe("server-sent events over HTTP/3, through the relay", () => {
  it("tell of a message as it comes, and end with their reader", async () => {
    const { port, certificate, relay } = await startRelay();
    const reader = await connectHttp3(port, certificate, "auto");
    const events = reader.open("/v1/mailbox", { accept: "text/event-stream" })[Symbol.asyncIterator]();
    const next = async (): Promise<string> => String((await events.next()).value);
    expect(await next()).toBe('event: messages\ndata: {"messages":[]}\n\n');
    expect(relay.stats().waiters).toBe(1);

    const sender = await connectHttp3(port, certificate, "auto");
    const { status } = await sender.request("/v1/mailbox/anonymous", {
      method: "POST",
      headers: { "content-type": "application/octet-stream" },
      body: initialPacket(randomBytes(8), randomBytes(12)),
    });
    expect(status).toBe(201);
    expect(await next()).toContain('"sizes":[1200]');

    await reader.close();
    await expect.poll(() => relay.stats().waiters).toBe(0);
  });
});

describe("the gateway behind the relay", () => {
  it("answers clients with connection IDs of every length, the empty one included", async () => {
    const { port } = await startRelay();
    const socket = await openSocket();
    for (let length = 0; length <= 20; length++) {
      const sourceId = randomBytes(length);
      const destinationId = randomBytes(Math.max(8, 20 - length));
      socket.send(initialPacket(destinationId, sourceId), port, "127.0.0.1");
      const [answer] = (await once(socket, "message")) as [Buffer];
      // A Retry (RFC 9000 §17.2.5), addressed to the connection ID that the client chose for itself.
      expect(answer[0]! & 0xf0).toBe(0xf0);
      expect(answer.subarray(6, 6 + answer[5]!).equals(sourceId)).toBe(true);
    }
  });
});

/** How a `sourceOf` may fail to tell where a client is. */
const silences = {
  throws: () => {
    throw new Error("the relay is not made yet");
  },
  "returns undefined": () => undefined,
  "returns null": () => null,
} satisfies Record<string, Http3GatewayOptions["sourceOf"]>;

it("of two connections that began at one port, only the newest shows where its client is", async () => {
  const seen = new Map<string, unknown>();
  const fetch = (request: Request): Response => {
    seen.set(new URL(request.url).pathname, Reflect.get(request, "ip"));
    return new Response("");
  };
  const target = await targetAt(await startHttp3({ fetch }));
  const ask = (client: RawHttp3, path: string): number => client.request(get(path, target), true);
  const place = await openSocket();
  const from = { fromPort: place.address().port };
  await new Promise<void>((resolve) => void place.close(resolve));
  const older = await openRawHttp3(target, from);
  expect(await older.status(ask(older, "/first"), 5000)).toBe(200);
  const newer = await openRawHttp3(target, from);
  expect(await newer.status(ask(newer, "/second"), 5000)).toBe(200);
  ask(older, "/third");
  await expect
    .poll(() => [...seen])
    .toEqual([
      ["/first", "127.0.0.1"],
      ["/second", "127.0.0.1"],
      ["/third", undefined],
    ]);
});

it("a client that takes no more of an answer is given the next ones", async () => {
  const { port, certificate } = await startRelay({}, echoApp());
  const client = await connectHttp3(port, certificate, "auto");
  for (const bytes of [1, 10_000, 100_000, 300_000]) {
    await client.cancel("/bytes/2000000", bytes);
    expect((await client.request("/bytes/100000")).body.length, `after ${bytes} bytes`).toBe(100_000);
  }
});

it.each(Object.entries(silences))(
  "clients of whose real address sourceOf says nothing (it %s) are one source",
  async (_, sourceOf) => {
    const budget = new Budget({ maxConnectionsPerSource: 1 });
    const { port, certificate, gateway } = await startRelay({}, echoApp(), { budget, sourceOf });
    const first = await connectHttp3(port, certificate, "auto");
    expect((await first.request("/ip")).status).toBe(200);
    await connectHttp3(port, certificate, "auto").catch(() => undefined);
    await expect.poll(() => gateway.stats()).toMatchObject({ sources: 1, refused: { connections: 1 } });
  },
);
