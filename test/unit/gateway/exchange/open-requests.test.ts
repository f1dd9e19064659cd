import { EventEmitter } from "node:events";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { longWaitMs, maxRefusals, outboxSettleMs } from "../../../../src/defaults/index.ts";
import { Budget } from "../../../../src/gateway/budget/budget.ts";
import type { ExchangeStream, ResponseFields } from "../../../../src/gateway/exchange/stream.ts";
import { Outbox } from "../../../../src/gateway/exchange/outbox.ts";
import { Faults } from "../../../../src/gateway/exchange/faults.ts";
import { OpenRequests, type RequestParts } from "../../../../src/gateway/exchange/open-requests.ts";
import { sizeOf } from "../../../../src/gateway/exchange/request-head.ts";
import { silentLogger } from "../../../../src/log.ts";

/** A stream whose client takes everything at once. */
class Stream extends EventEmitter implements ExchangeStream {
  status: string | string[] | undefined;
  length: string | string[] | undefined;
  body = "";
  respond(answer: ResponseFields): void {
    this.status = answer[":status"];
    this.length = answer["content-length"];
  }
  write(piece: Buffer, done: () => void): void {
    this.body += piece.toString();
    done();
  }
  end(done: () => void): void {
    done();
  }
  close(): void {
    this.emit("close");
  }
}

/** A request without a body over TCP. */
function partsOf(stream: Stream): RequestParts {
  return { stream, hasEnded: true, outbox: undefined, onPiece: () => false, onClose: () => undefined };
}

const noSize = { bytes: 0, count: 0 };
const fields = { ":method": "GET", ":scheme": "https", ":authority": "relay.example", ":path": "/" };

function bench(fetch: () => Response | Promise<Response> = () => new Response("hello")) {
  const clock = { nowMs: 0 };
  const malformed = { calls: 0 };
  const budget = new Budget({ maxConnectionBytes: 50_000 });
  const requests = new OpenRequests({
    budget: budget.connect("192.0.2.1")!,
    faults: new Faults(silentLogger, () => clock.nowMs),
    app: { fetch },
    ip: "192.0.2.1",
    idle: { limitMs: 75_000, firstMs: 10_000 },
    onMalformed: () => void malformed.calls++,
    now: () => clock.nowMs,
  });
  const open = (changed: Record<string, string> = {}): boolean =>
    requests.open({ ...fields, ...changed }, noSize, 0, () => ({
      stream: new Stream(),
      hasEnded: true,
      outbox: undefined,
      onPiece: () => false,
      onClose: () => undefined,
    }));
  return { clock, malformed, budget, requests, open };
}

describe("the requests that are open on a connection", () => {
  it("keep it for as long as they are open", async () => {
    const answer = Promise.withResolvers<Response>();
    const { requests, open } = bench(() => answer.promise);
    expect(open()).toBe(true);
    await turn();
    expect(requests.sweep(1e9)).toBe(false);
    answer.resolve(new Response("at last"));
    await expect.poll(() => requests.size).toBe(0);
  });

  it("keep no connection that asks every 10 s for nothing but to stay", async () => {
    const { clock, requests, open } = bench();
    for (; !requests.sweep(clock.nowMs) && clock.nowMs < 3_600_000; clock.nowMs += 10_000) {
      expect(open()).toBe(true);
      await expect.poll(() => requests.size).toBe(0);
    }
    expect(clock.nowMs / 1000).toBeLessThanOrEqual(150);
  });

  it("are 400 where they end before a body that was announced (RFC 9114 §4.1.2)", async () => {
    const asked: unknown[] = [];
    const { requests } = bench(() => {
      asked.push(1);
      return new Response("");
    });
    const stream = new Stream();
    const parts = {
      stream,
      hasEnded: true,
      outbox: undefined,
      onPiece: () => false,
      onClose: () => undefined,
    };
    requests.open({ ...fields, ":method": "POST", "content-length": "5" }, noSize, 0, () => parts);
    await expect.poll(() => stream.status).toBe("400");
    expect(asked).toEqual([]);
  });

  it("are refused where there is no room for them, without a stream", () => {
    const { budget, requests, open } = bench(() => Promise.withResolvers<Response>().promise);
    while (open());
    const { size } = requests;
    expect(size).toBeGreaterThan(1);
    expect(open()).toBe(false);
    expect(requests.size).toBe(size);
    expect(budget.stats().refused["unread-connection"]).toBe(2);
  });

  it.each([
    ["that cannot be read", { ":path": "no path" }],
    ["that are not served", { ":method": "CONNECT" }],
  ])("%s wait for their turn, and for room for their answer, as all others do", async (_, changed) => {
    const { clock, requests } = bench();
    const connection = new FakeConnection();
    const outbox = outboxOf(connection, clock, 1);
    const streams = [new Stream(), new Stream()];
    for (const stream of streams)
      requests.open({ ...fields, ...changed }, noSize, 0, () => ({ ...partsOf(stream), outbox }));
    expect(streams.map(({ status }) => status)).toEqual([undefined, undefined]);
    await expect.poll(() => streams[0]!.status).toBeDefined();
    await turn();
    expect(streams[1]!.status).toBeUndefined();
    connection.send(10_000);
    await expect.poll(() => streams[1]!.status).toBeDefined();
  });

  it("end their connection if too many in a row cannot be read", async () => {
    const { malformed, requests, open } = bench();
    const ask = async (path: string): Promise<void> => {
      open({ ":path": path });
      await expect.poll(() => requests.size).toBe(0);
    };
    for (let i = 0; i < maxRefusals; i++) await ask("no path");
    await ask("/");
    for (let i = 0; i < maxRefusals; i++) await ask("no path");
    expect(malformed.calls).toBe(0);
    await ask("no path");
    expect(malformed.calls).toBe(1);
  });

  it("end with it, and give everything back", async () => {
    const { budget, requests, open } = bench(() => Promise.withResolvers<Response>().promise);
    open();
    await turn();
    requests.close();
    expect(requests.size).toBe(0);
    expect(budget.stats()).toMatchObject({ sources: 0, unreadBytes: 0, unsentBytes: 0 });
  });
});

/** Asks, and has the app take longer than a source may wait if it is asked. */
async function answerTo(request: Record<string, string>): Promise<Stream> {
  const clock = { nowMs: 0 };
  const budget = new Budget({ maxWaitsPerSource: 1 });
  budget.connect("192.0.2.1")!.open(0)!.wait();
  const requests = new OpenRequests({
    budget: budget.connect("192.0.2.1")!,
    faults: new Faults(silentLogger, () => clock.nowMs),
    app: { fetch: () => Promise.withResolvers<Response>().promise },
    ip: "192.0.2.1",
    idle: { limitMs: 75_000, firstMs: 10_000 },
    onMalformed: () => undefined,
    now: () => clock.nowMs,
  });
  const stream = new Stream();
  const parts = {
    stream,
    hasEnded: true,
    outbox: undefined,
    onPiece: () => false,
    onClose: () => undefined,
  };
  const all = { ...fields, ...request };
  requests.open(all, sizeOf(all), 0, () => parts);
  await turn();
  requests.sweep((clock.nowMs += longWaitMs));
  await expect.poll(() => requests.size).toBe(0);
  return stream;
}

describe("an answer without the app to HEAD has the length of the one to GET, and no body", () => {
  it.each([
    ["421", "another scheme", { ":scheme": "http" }],
    ["400", "a body that does not come", { "content-length": "5" }],
    ["431", "too many fields", { "x-long": "x".repeat(20_000) }],
    ["503", "a wait for which there is no share", {}],
  ])("%s for %s", async (status, _for, request) => {
    const [got, head] = [
      await answerTo(request as Record<string, string>),
      await answerTo({ ...request, ":method": "HEAD" }),
    ];
    expect([got.status, got.length]).toEqual([status, String(got.body.length)]);
    expect(got.body).not.toBe("");
    expect([head.status, head.length, head.body]).toEqual([status, got.length, ""]);
  });
});

/** A QUIC connection that sends and acknowledges when it is told to. */
class FakeConnection {
  bytesOut = 0;
  #pings: ((error: Error | null) => void)[] = [];

  ping(onAcknowledged: (error: Error | null) => void): void {
    this.#pings.push(onAcknowledged);
  }

  getMetrics(): { bytesOut: number } {
    return { bytesOut: this.bytesOut };
  }

  send(bytes: number): void {
    this.bytesOut += bytes;
    for (const ping of this.#pings.splice(0)) ping(null);
  }
}

function outboxOf(
  connection: FakeConnection,
  clock: { readonly nowMs: number },
  maxConnectionOutboxBytes: number = 2 ** 20,
): Outbox {
  const budget = new Budget({ maxConnectionOutboxBytes }).connect("192.0.2.1")!;
  const outbox = new Outbox(connection, budget, { onCrowded: () => undefined, now: () => clock.nowMs });
  // What is unsent is asked about until then, in the tests after this one too.
  onTestFinished(() => outbox.close());
  return outbox;
}

/** Seconds until the exchange was over where so many bytes are sent per second, and how often clients were too slow. */
async function secondsUntilOver(bytesPerSecond: number): Promise<{ seconds: number; slow: number }> {
  const { clock, budget, requests } = bench(() => new Response(new Uint8Array(200_000)));
  const connection = new FakeConnection();
  const outbox = outboxOf(connection, clock);
  requests.open(fields, noSize, 0, () => ({
    stream: new Stream(),
    hasEnded: true,
    outbox,
    onPiece: () => false,
    onClose: () => undefined,
  }));
  await turn();
  while (requests.size > 0 && clock.nowMs < 1e6) {
    clock.nowMs += 1000;
    outbox.sweep();
    connection.send(bytesPerSecond);
    requests.sweep(clock.nowMs);
    // The outbox asks again after a while.
    await sleep(outboxSettleMs + 1);
  }
  return { seconds: clock.nowMs / 1000, slow: budget.stats().refused.slow ?? 0 };
}

describe("a response that the QUIC library has whole, and sends as its client reads", () => {
  it("has the time that its client takes, if that is not too slow", async () => {
    expect(await secondsUntilOver(5000)).toEqual({ seconds: expect.closeTo(41, -0.5), slow: 0 });
  });

  it("ends where its client reads nothing, or too little", async () => {
    expect(await secondsUntilOver(0)).toEqual({ seconds: expect.closeTo(20, -0.5), slow: 1 });
    expect((await secondsUntilOver(500)).slow).toBe(1);
  });
});

it("an event stream of small events lasts as long as its client takes them", async () => {
  const events = 300;
  const { clock, budget, requests } = bench(() => {
    let sent = 0;
    const pull = async (controller: ReadableStreamDefaultController): Promise<void> => {
      if (sent++ === events) return controller.close();
      controller.enqueue(Buffer.from("data: 1\n\n"));
    };
    return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }));
  });
  const connection = new FakeConnection();
  const outbox = outboxOf(connection, clock);
  const stream = new Stream();
  // Each event is taken by its client at once, but seen only half a second later.
  stream.write = (_piece, done) => void setTimeout(done, 1);
  requests.open(fields, noSize, 0, () => ({
    stream,
    hasEnded: true,
    outbox,
    onPiece: () => false,
    onClose: () => undefined,
  }));
  await turn();
  for (let i = 0; i < events && requests.size > 0; i++) {
    clock.nowMs += 500;
    outbox.sweep();
    connection.send(60);
    requests.sweep(clock.nowMs);
    await sleep(3);
  }
  expect(budget.stats().refused).toEqual({});
});

it("answers that share a slow line are not cut off one by one", async () => {
  const { clock, budget, requests } = bench(() => new Response(new Uint8Array(12_000)));
  const connection = new FakeConnection();
  const outbox = outboxOf(connection, clock);
  for (let i = 0; i < 4; i++)
    requests.open(fields, noSize, 0, () => ({
      stream: new Stream(),
      hasEnded: true,
      outbox,
      onPiece: () => false,
      onClose: () => undefined,
    }));
  await turn();
  for (; requests.size > 0 && clock.nowMs < 1e6; clock.nowMs += 1000) {
    outbox.sweep();
    connection.send(1500);
    requests.sweep(clock.nowMs);
    await sleep(outboxSettleMs + 1);
  }
  expect(clock.nowMs / 1000).toBeGreaterThan(30);
  expect(budget.stats().refused).toEqual({});
});
