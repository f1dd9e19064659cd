import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { get, post } from "../../../../scripts/hostile/clients/http3-frames.ts";
import { RawHttp3, type RawHttp3Options } from "../../../../scripts/hostile/clients/raw-http3.ts";
import {
  Budget,
  type Http3App,
  type Http3Gateway,
  type Http3GatewayOptions,
} from "../../../../src/gateway/index.ts";
import { http3Code, qpackCode } from "../../../../src/http3/fault.ts";
import { startHttp3, targetAt, openRawHttp3 } from "../../harness/gateway.ts";

interface Served {
  readonly gateway: Http3Gateway;
  readonly connect: (options?: RawHttp3Options) => Promise<RawHttp3>;
}

async function serve(
  fetch: Http3App["fetch"] = () => new Response("here"),
  options: Partial<Http3GatewayOptions> = {},
): Promise<Served> {
  const gateway = await startHttp3({ fetch }, options);
  const target = await targetAt(gateway);
  return { gateway, connect: (how) => openRawHttp3(target, how) };
}

const path = get("/", { port: 443 });

/** Returns an answer that goes on for ever, slowly. */
function follow(): Response {
  return new Response(new ReadableStream({ pull: more }, { highWaterMark: 0 }));
}

async function more(controller: ReadableStreamDefaultController): Promise<void> {
  await sleep(1);
  controller.enqueue(Buffer.from("more\n"));
}

/** What a client may send on unidirectional streams, and with which code its connection ends. */
const faults = {
  "a second control stream": { bytes: [0x00], code: http3Code.streamCreationError },
  "a push stream": { bytes: [0x01], code: http3Code.streamCreationError },
  "an insertion into the dynamic table": { bytes: [0x02, 0xc0, 0x00], code: qpackCode.encoderStreamError },
  "an acknowledgement of what was not sent": { bytes: [0x03, 0x80], code: qpackCode.decoderStreamError },
};

describe("a connection over HTTP/3", () => {
  it.each(Object.entries(faults))("ends with %s", async (_, { bytes, code }) => {
    const client = await (await serve()).connect();
    client.sendRaw(6, Buffer.from(bytes), false);
    await client.closed;
    expect(client.closedWith).toBe(code);
  });

  it("ends with its client's control stream", async () => {
    const client = await (await serve()).connect();
    client.sendRaw(2, Buffer.alloc(0), true);
    await client.closed;
    expect(client.closedWith).toBe(http3Code.closedCriticalStream);
  });

  it("ends with more unidirectional streams than a client needs", async () => {
    const client = await (await serve()).connect();
    // Streams of a reserved type, which nobody has to know (RFC 9114 §6.2.3).
    for (let i = 1; i < 40; i++) client.sendRaw(2 + 4 * i, Buffer.from([0x21]), false);
    await client.closed;
    expect(client.closedWith).toBe(http3Code.excessiveLoad);
  });

  it.each([
    [
      "cannot be read",
      [
        [":method", "GET"],
        [":scheme", "https"],
        [":authority", "localhost"],
        [":path", "x"],
      ],
    ],
    [
      "are not served",
      [
        [":method", "CONNECT"],
        [":authority", "localhost"],
      ],
    ],
  ] as const)("ends with more than 32 requests in a row that %s", async (_, fields) => {
    const { gateway, connect } = await serve();
    const client = await connect();
    while (client.hasRoom) await client.status(client.request(fields, true), 1000);
    expect(client.closedWith).toBe(http3Code.excessiveLoad);
    expect(gateway.stats().refused.malformed).toBe(1);
  });

  it.each([
    ["resets", (client: RawHttp3, id: number) => client.reset(id)],
    ["takes no more of", (client: RawHttp3, id: number) => client.stop(id)],
  ])("ends where its client %s one request after the other", async (_, cancel) => {
    const { gateway, connect } = await serve(follow);
    const client = await connect();
    for (let i = 0; i < 1000 && client.hasRoom; i++) {
      const id = client.request(path, true);
      await Promise.race([
        client.closed,
        expect.poll(() => client.answer(id).bytes.length, { interval: 1 }).toBeGreaterThan(0),
      ]);
      if (client.hasRoom) cancel(client, id);
    }
    await client.closed;
    expect(client.closedWith).toBe(http3Code.excessiveLoad);
    expect(gateway.stats().refused.cancelled).toBe(1);
  });

  it("goes on beside a stream of a reserved type, and frames of one", async () => {
    const client = await (await serve()).connect();
    client.sendRaw(6, Buffer.from([0x21, 1, 2, 3]), false);
    expect(await client.status(client.request(path, true))).toBe(200);
  });

  it("ends where much comes that no request gets, and what it held is free again", async () => {
    const { gateway, connect } = await serve();
    const client = await connect();
    // A frame of a reserved type, which says nothing (RFC 9114 §7.2.8), and a part of its 1 GB.
    client.sendRaw(0, Buffer.from([0x21, 0xbf, 0xff, 0xff, 0xff]), false);
    for (; !client.isClosed; await sleep(1)) client.sendRaw(0, Buffer.alloc(2000), false);
    expect(client.closedWith).toBe(http3Code.excessiveLoad);
    expect(gateway.stats().refused["unread-connection"]).toBeGreaterThan(0);
    await expect.poll(() => gateway.stats()).toMatchObject({ sources: 0, unreadBytes: 0 });
  });
});

describe("a request over HTTP/3", () => {
  it("whose answer its client takes no more of ends, and the app is told", async () => {
    const told = Promise.withResolvers<unknown>();
    const endless = (): Response =>
      new Response(
        new ReadableStream({
          pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
          cancel: (reason) => told.resolve(reason),
        }),
      );
    const { gateway, connect } = await serve(endless);
    const client = await connect();
    const id = client.request(path, true);
    await expect.poll(() => client.answer(id).bytes.length).toBeGreaterThan(0);
    client.stop(id);
    expect(await told.promise).toMatchObject({ code: "ABORT_ERR" });
    await expect
      .poll(() => gateway.stats())
      .toMatchObject({ unreadBytes: 0, unsentBytes: 0, outboxBytes: 0 });
  });

  it("may be an upload of some MB, however small the window is at first", async ({ signal }) => {
    const bytes = 5_000_000;
    const { connect } = await serve(async (request) => {
      const { byteLength } = await request.arrayBuffer();
      return new Response(null, { status: byteLength === bytes ? 200 : 400 });
    });
    const client = await connect();
    const fields = [...post("/", { port: 443 }), ["content-length", String(bytes)]] as const;
    const id = client.request(fields, false);
    expect(await client.upload(id, bytes, signal)).toBe(bytes);
    client.sendRaw(id, Buffer.alloc(0), true);
    expect(await client.status(id)).toBe(200);
  });
});

describe("an honest client over HTTP/3", () => {
  it("is served however often it asks on one connection", async () => {
    const { gateway, connect } = await serve();
    const client = await connect();
    for (let i = 0; i < 3000; i++) expect(await client.status(client.request(path, true))).toBe(200);
    expect(gateway.stats().refused).toEqual({});
  });

  it("follows many small events", async () => {
    const events = 3000;
    let sent = 0;
    const { gateway, connect } = await serve(
      () =>
        new Response(
          new ReadableStream({
            pull: async (controller) => {
              await sleep(1);
              if (sent++ === events) controller.close();
              else controller.enqueue(Buffer.from("data: 1\n\n"));
            },
          }),
        ),
    );
    const client = await connect();
    expect(await client.status(client.request(path, true), 60_000)).toBe(200);
    expect(gateway.stats().refused).toEqual({});
  });
});

it("a connection with long header fields too often is ended, and counted", async () => {
  const budget = new Budget();
  const { connect } = await serve(undefined, { budget });
  const client = await connect();
  // Four of 3900 bytes each, of which about 20 requests may have as many at once.
  const fields = [...path, ...Array.from({ length: 4 }, () => ["x-long", "y".repeat(3900)] as const)];
  for (let i = 0; i < 60 && !client.isClosed; i++) await client.status(client.request(fields, true));
  await client.closed;
  expect(client.closedWith).toBe(http3Code.excessiveLoad);
  expect(budget.stats().refused).toEqual({ fields: 1 });
});

it("a connection that asks on for what there is no room for is ended, and counted", async () => {
  const budget = new Budget({ maxConnectionBytes: 30_000 });
  const { connect } = await serve(() => new Promise(() => undefined), { budget });
  const client = await connect();
  for (let i = 0; i < 60; i++) client.request(path, true);
  await client.closed;
  expect(client.closedWith).toBe(http3Code.excessiveLoad);
  // Whichever is seen first: that it asks on, or that what it sends has no room.
  const { refusals, stray } = budget.stats().refused;
  expect(refusals ?? stray).toBe(1);
});

it("a connection whose client reads no answers has the app asked for few more", async () => {
  let asked = 0;
  const { gateway, connect } = await serve(() => {
    asked++;
    return new Response(new Uint8Array(100_000));
  });
  const client = await connect({ windowBytes: 2000, reads: false });
  while (client.hasRoom) client.request(path, true);
  await expect.poll(() => gateway.stats().refused["outbox-connection"]).toBeGreaterThan(20);
  expect(asked).toBeGreaterThan(0);
  expect(asked).toBeLessThanOrEqual(20);
  // Of others nothing is held up.
  const other = await connect();
  expect(await other.status(other.request(path, true))).toBe(200);
});

it("sources that take nothing of their answers hold up no other source for long", async () => {
  let clients = 0;
  const budget = new Budget({ maxOutboxBytes: 300_000, maxSourceOutboxBytes: 100_000 });
  const { connect } = await serve(() => new Response(new Uint8Array(60_000)), {
    budget,
    sourceOf: () => ({ address: `192.0.2.${++clients}` }),
  });
  for (let i = 0; i < 12; i++) {
    const greedy = await connect({ windowBytes: 1, connectionWindowBytes: 1e6, reads: false });
    while (greedy.hasRoom) greedy.request(path, true);
  }
  await expect.poll(() => budget.stats().refused["outbox-source"]).toBeGreaterThan(0);
  const honest = await connect();
  expect(await honest.status(honest.request(path, true), 15_000)).toBe(200);
  expect(budget.stats().refused.crowded).toBeGreaterThan(0);
});

// H3_EXCESSIVE_LOAD, or what stands for it while the handshake is under way (RFC 9000 §10.2.3).
const isTurnedAway = (code: number | undefined): boolean => code === 0x107 || code === 0x0c;

/** The codes with which of so many connections those were ended that were, the last of them for sure. */
async function ends({ connect }: Served, connections: number): Promise<(number | undefined)[]> {
  const clients: RawHttp3[] = [];
  for (let i = 0; i < connections; i++) clients.push(await connect());
  await clients.at(-1)!.closed;
  return clients.map((client) => client.closedWith);
}

describe("a source", () => {
  it("has no more connections than its share", async () => {
    const budget = new Budget({ maxConnectionsPerSource: 8 });
    const [last, ...first] = (await ends(await serve(undefined, { budget }), 9)).toReversed();
    expect(isTurnedAway(last)).toBe(true);
    expect(first.every((code) => code === undefined)).toBe(true);
    expect(budget.stats().refused).toEqual({ connections: 1 });
  });

  it("begins no more connections at once than its share", async () => {
    const served = await serve(undefined, { connectionsPerSecond: 1 });
    const codes = await ends(served, 20);
    const turnedAway = codes.filter(isTurnedAway).length;
    expect(codes.slice(0, 2)).toEqual([undefined, undefined]);
    expect(turnedAway).toBeGreaterThan(10);
    expect(served.gateway.stats().refused).toEqual({ arrivals: turnedAway });
  });
});

it("a server has no more connections than it may have", async () => {
  const served = await serve(undefined, { maxConnections: 1 });
  const [first, second] = await ends(served, 2);
  expect(first).toBeUndefined();
  expect(isTurnedAway(second)).toBe(true);
  expect(served.gateway.stats().refused).toEqual({ connections: 1 });
});

it.each(["windowBytes", "connectionsPerSecond", "maxConnections"])(
  "a limit that is none, %s, is refused",
  async (option) => {
    const limit = { [option]: 0 };
    await expect(serve(undefined, limit)).rejects.toMatchObject({
      code: "ERR_QUICPIPE_OPTION_INVALID",
      details: { option },
    });
  },
);
