import { readdirSync } from "node:fs";
import { expect, describe, it } from "vitest";
import type { Target } from "../../../../scripts/hostile/attack.ts";
import { type Flood, longFields } from "../../../../scripts/hostile/attacks/tcp/long-fields.ts";
import { visitTcp } from "../../../../scripts/hostile/honest/visitor.ts";
import {
  connectTls,
  frame,
  frameFlag,
  frameType,
  RawHttp2,
  requestFrame,
} from "../../../../scripts/hostile/clients/raw-http2.ts";
import { Budget } from "../../../../src/gateway/budget/budget.ts";
import type { Http2GatewayOptions, Http3App } from "../../../../src/gateway/index.ts";
import { startHttp2, targetAt } from "../../harness/gateway.ts";

/** A server on loopback, as an attack sees it. */
async function startServer(
  fetch: Http3App["fetch"],
  options?: Partial<Http2GatewayOptions>,
): Promise<Target> {
  return targetAt(await startHttp2({ fetch }, options));
}

const descriptors = (): number => readdirSync("/proc/self/fd").length;

const silence = (): Promise<Response> => new Promise(() => undefined);

describe("a request over HTTP/2", () => {
  it("arrives whole where its body comes along with its header fields", async () => {
    const bodies: string[] = [];
    const target = await startServer(async (request) => {
      bodies.push(await request.text());
      return new Response("");
    });
    const client = await RawHttp2.open(target);
    await client.send(
      requestFrame(1, "POST", "/"),
      frame(frameType.data, 0, 1, Buffer.from("all ")),
      frame(frameType.data, 0, 1, Buffer.from("of ")),
      frame(frameType.data, frameFlag.endStream, 1, Buffer.from("it")),
    );
    await expect.poll(() => bodies).toEqual(["all of it"]);
    client.close();
  });
});

describe("connections to the TCP port", () => {
  it("begin at a rate of each source, and have no handshake beyond it", async () => {
    const budget = new Budget();
    const lines: string[] = [];
    const sources = new Set<unknown>();
    const write = (line: string, fields?: unknown): void => {
      lines.push(line);
      sources.add((fields as { source?: unknown }).source);
    };
    const logger = { error: write, warn: write, info: write, debug: write };
    const target = await startServer(() => new Response("here"), {
      budget,
      logger,
      connectionsPerSecond: 1,
    });
    const visitsFrom = async (address: string, count: number): Promise<number> => {
      let succeeded = 0;
      for (let i = 0; i < count; i++) if ((await visitTcp(target, address)) !== undefined) succeeded++;
      return succeeded;
    };
    // Real time is the subject: one more each second that this takes.
    const startedAtMs = performance.now();
    const visits = await visitsFrom("127.0.0.9", 50);
    const refilled = Math.ceil((performance.now() - startedAtMs) / 1000);
    expect(visits).toBeGreaterThanOrEqual(6);
    expect(visits).toBeLessThanOrEqual(7 + refilled);
    expect(await visitsFrom("127.0.0.10", 1)).toBe(1);
    expect(budget.stats().refused).toEqual({ arrivals: 50 - visits });
    expect(lines).toContain("quicpipe: a source connects too often");
    expect(Array.from(sources)).toEqual(["127.0.0.9"]);
    expect(lines.length).toBeLessThanOrEqual(10);
  });

  it("end where requests are sent ahead without end", async () => {
    const budget = new Budget();
    const target = await startServer(silence, { budget });
    const socket = await connectTls(target, "http/1.1");
    socket.resume().write("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(9));
    await expect.poll(() => socket.destroyed).toBe(true);
    expect(budget.stats().refused).toEqual({ ahead: 1 });
  });

  it("end where pings come without end, even while a request waits", async () => {
    const target = await startServer(silence);
    const client = await RawHttp2.open(target);
    await client.send(requestFrame(1, "POST", "/"));
    const pings = Array.from({ length: 500 }, () => frame(frameType.ping, 0, 0, Buffer.alloc(8)));
    for (let i = 0; i < 2000 && !client.isClosed; i++) await client.send(...pings);
    expect(client.isClosed).toBe(true);
  });

  it("end where frames come that are for no stream, and are counted", async () => {
    const budget = new Budget();
    const client = await RawHttp2.open(await startServer(silence, { budget }));
    // WINDOW_UPDATE of a byte (RFC 9113 §6.9).
    const updates = Array.from({ length: 500 }, () => frame(8, 0, 0, Buffer.of(0, 0, 0, 1)));
    for (let i = 0; i < 2000 && !client.isClosed; i++) await client.send(...updates);
    expect(client.isClosed).toBe(true);
    await expect.poll(() => budget.stats().refused).toEqual({ stray: 1 });
  });

  it.each<[string, Flood]>([
    ["as they are", longFields.literal],
    ["in Huffman code", longFields.coded],
    ["by naming fields that came before", longFields.named],
  ])("end where requests with long header fields come without end, sent %s", async (_, flood) => {
    const budget = new Budget();
    let asked = 0;
    const answer = (): Response => {
      asked++;
      return new Response("");
    };
    const client = await RawHttp2.open(await startServer(answer, { budget }));
    await client.send(...flood(0));
    await expect.poll(() => client.isClosed).toBe(true);
    expect(budget.stats().refused).toEqual({ fields: 1 });
    // 256 KiB at once, of which each takes some 10 KB.
    expect(asked).toBeLessThan(30);
  });

  it("end where Node refuses many requests without a word of them, for all that their fields name", async () => {
    const budget = new Budget();
    const client = await RawHttp2.open(await startServer(silence, { budget }));
    // Fewer bytes than may belong to no request.
    await client.send(...longFields.namedOften(0));
    await expect.poll(() => client.isClosed).toBe(true);
    expect(budget.stats().refused).toEqual({ malformed: 1 });
  });

  it("end where requests with long header fields come without end over HTTP/1.1", async () => {
    const budget = new Budget();
    const socket = await connectTls(await startServer(() => new Response(""), { budget }), "http/1.1");
    const message = `GET / HTTP/1.1\r\nhost: localhost\r\nx-long: ${"y".repeat(15_000)}\r\n\r\n`;
    socket.on("data", () => socket.write(message)).write(message);
    await expect.poll(() => socket.destroyed).toBe(true);
    expect(budget.stats().refused).toEqual({ fields: 1 });
  });

  it("carry requests of a source in small numbers, however long their fields are", async () => {
    const budget = new Budget();
    const asked: string[] = [];
    const target = await startServer(
      ({ url }) => {
        asked.push(url);
        return new Response("");
      },
      { budget },
    );
    const client = await RawHttp2.open(target);
    await client.send(...longFields.named(0).slice(0, 20));
    await expect.poll(() => asked.length).toBe(20);
    expect(budget.stats().refused).toEqual({});
    client.close();
  });

  it("serve a client that has no table of fields, and announces no change of it (RFC 7541 §4.2)", async () => {
    const asked: string[] = [];
    const target = await startServer(({ url }) => {
      asked.push(new URL(url).pathname);
      return new Response("");
    });
    const client = await RawHttp2.open(target);
    const acknowledgement = frame(frameType.settings, 1, 0);
    await client.send(
      acknowledgement,
      requestFrame(1, "GET", "/first", 5),
      requestFrame(3, "GET", "/second", 5),
    );
    await expect.poll(() => asked).toEqual(["/first", "/second"]);
    client.close();
  });

  it("ask the app nothing by requests that are taken back at once", async () => {
    const asked: string[] = [];
    const target = await startServer((request) => {
      asked.push(new URL(request.url).pathname);
      return new Response("");
    });
    const client = await RawHttp2.open(target);
    const streams = Array.from({ length: 20 }, (_, i) => 2 * i + 1);
    // All in one TLS record, and behind them one that stays: who comes later is asked later.
    await client.send(
      ...streams.flatMap((stream) => [
        requestFrame(stream, "GET", "/", 5),
        frame(frameType.reset, 0, stream, Buffer.of(0, 0, 0, 8)),
      ]),
      requestFrame(41, "GET", "/last", 5),
    );
    await expect.poll(() => asked).toContain("/last");
    expect(asked).toEqual(["/last"]);
    client.close();
  });

  it("leave nothing behind, however the connections were ended", async () => {
    const target = await startServer(() => new Response(Buffer.alloc(30_000)));
    const before = descriptors();
    const attack = async (): Promise<void> => {
      const client = await RawHttp2.open(target);
      for (let first = 1; first < 4000 && !client.isClosed; first += 400)
        await client.send(
          ...Array.from({ length: 200 }, (_, i) => requestFrame(first + 2 * i, "GET", "/", 5)),
        );
      client.close();
    };
    for (let i = 0; i < 4; i++) await Promise.all(Array.from({ length: 12 }, attack));
    await expect.poll(descriptors).toBeLessThanOrEqual(before);
  });
});
