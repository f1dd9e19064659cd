import { EventEmitter } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Budget } from "../../../../src/gateway/budget/budget.ts";
import type { ExchangeStream, ResponseFields } from "../../../../src/gateway/exchange/stream.ts";
import { Faults } from "../../../../src/gateway/exchange/faults.ts";
import { OpenRequests } from "../../../../src/gateway/exchange/open-requests.ts";
import { silentLogger } from "../../../../src/log/logger.ts";

/** A stream whose client takes everything at once. */
class Stream extends EventEmitter implements ExchangeStream {
  status: string | string[] | undefined;
  respond(answer: ResponseFields): void {
    this.status = answer[":status"];
  }
  write(_piece: Buffer, done: () => void): void {
    done();
  }
  end(done: () => void): void {
    done();
  }
  close(): void {
    this.emit("close");
  }
}

const fields = { ":method": "GET", ":scheme": "https", ":authority": "relay.example", ":path": "/" };

function bench(fetch: () => Response | Promise<Response> = () => new Response("hello")) {
  const clock = { nowMs: 0 };
  const budget = new Budget({ maxConnectionBytes: 50_000 });
  const requests = new OpenRequests({
    budget: budget.connect("192.0.2.1")!,
    faults: new Faults(silentLogger, () => clock.nowMs),
    fetch,
    ip: "192.0.2.1",
    idle: { limitMs: 75_000, firstMs: 10_000 },
    now: () => clock.nowMs,
  });
  const open = (): boolean =>
    requests.open(fields, 0, () => ({
      stream: new Stream(),
      hasEnded: true,
      outbox: undefined,
      onClose: () => undefined,
    }));
  return { clock, budget, requests, open };
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
    const parts = { stream, hasEnded: true, outbox: undefined, onClose: () => undefined };
    requests.open({ ...fields, ":method": "POST", "content-length": "5" }, 0, () => parts);
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

  it("end with it, and give everything back", async () => {
    const { budget, requests, open } = bench(() => Promise.withResolvers<Response>().promise);
    open();
    await turn();
    requests.close();
    expect(requests.size).toBe(0);
    expect(budget.stats()).toMatchObject({ sources: 0, unreadBytes: 0, unsentBytes: 0 });
  });
});
