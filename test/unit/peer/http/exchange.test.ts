import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { Exchange } from "../../../../src/peer/http/exchange.ts";

const KiB = 1024;
const MiB = 1024 * KiB;

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

function heldBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function exchangeOf(maxAnswerBytes?: number): Exchange {
  const request = { method: "GET", path: "/", headers: {}, timeoutMs: 1000, isIdempotent: true } as const;
  return new Exchange({ ...request, maxAnswerBytes });
}

const refused = { code: "ERR_QUICPIPE_RELAY_REFUSED" };

describe("an answer", () => {
  it("is put together from its pieces", async () => {
    const exchange = exchangeOf();
    exchange.take({ headers: [{ name: ":status", value: "200" }] });
    exchange.take({ data: Buffer.from("one ") });
    exchange.take({ data: new Uint8Array() });
    exchange.take({ data: Buffer.alloc(10_000, "x") });
    exchange.complete();
    const { status, body } = await exchange.answer;
    expect([status, Buffer.from(body).toString()]).toEqual([200, `one ${"x".repeat(10_000)}`]);
  });

  it("may be as long as its limit, and not a byte longer", async () => {
    const [whole, longer] = [0, 1].map((more) => {
      const exchange = exchangeOf(10);
      exchange.take({ data: new Uint8Array(9) });
      exchange.take({ data: new Uint8Array(1 + more) });
      exchange.complete();
      return exchange;
    });
    expect((await whole!.answer).body).toHaveLength(10);
    await expect(longer!.answer).rejects.toMatchObject(refused);
  });

  it("takes no more memory in small pieces than in large ones", async () => {
    const exchange = exchangeOf(MiB);
    const before = heldBytes();
    for (let i = 0; i < 256 * KiB; i++) exchange.take({ data: Uint8Array.of(i) });
    for (let i = 0; i < 256 * KiB; i++) exchange.take({ data: new Uint8Array() });
    expect(heldBytes() - before).toBeLessThan(8 * MiB);
    exchange.complete();
    expect((await exchange.answer).body).toHaveLength(256 * KiB);
  });

  it("has no more header fields than fit, each with the overhead of RFC 9114 §4.2.2", async () => {
    const exchange = exchangeOf();
    for (let i = 0; i < 2048; i++) exchange.take({ headers: [{ name: "a", value: "" }] });
    exchange.complete();
    await expect(exchange.answer).rejects.toMatchObject(refused);
  });
});
