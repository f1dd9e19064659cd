import { describe, expect, it } from "vitest";
import {
  bodyPieceOverheadBytes,
  bodyReadAheadBytes,
  requestOverheadBytes,
  stallTimeoutMs,
} from "../../../../src/defaults/index.ts";
import { Budget } from "../../../../src/gateway/budget/budget.ts";
import type { RequestBudget } from "../../../../src/gateway/budget/request.ts";
import { Pace } from "../../../../src/gateway/exchange/pace.ts";
import { RequestBody } from "../../../../src/gateway/exchange/request-body.ts";

interface Bench {
  readonly body: RequestBody;
  readonly budget: RequestBudget;
  readonly pace: Pace;
  /** Bytes held for the body alone. */
  unread(): number;
}

function bench(contentLength?: number): Bench {
  const all = new Budget({ maxStreamBytes: 100_000 });
  const budget = all.connect("192.0.2.1")!.open(0)!;
  const pace = new Pace();
  const body = new RequestBody({ budget, pace, contentLength, now: () => 0 });
  return { body, budget, pace, unread: () => all.stats().unreadBytes - requestOverheadBytes };
}

const piece = new Uint8Array(1000).fill(7);

describe("a request's body", () => {
  it("arrives whole, in the order in which it came", async () => {
    const { body } = bench();
    const text = new Response(body.stream).text();
    for (const word of ["one ", "two ", "three"]) body.push(Buffer.from(word));
    body.end();
    expect(await text).toBe("one two three");
  });

  it("is counted until it is read, piece by piece", async () => {
    const { body, unread } = bench();
    body.push(piece);
    body.push(piece);
    expect(unread()).toBe(2 * (1000 + bodyPieceOverheadBytes));
    const reader = body.stream.getReader();
    expect((await reader.read()).value).toEqual(piece);
    expect(unread()).toBe(1000 + bodyPieceOverheadBytes);
    await reader.cancel();
    expect(unread()).toBe(0);
  });

  it("keeps nothing of the memory that it came in", async () => {
    const { body } = bench();
    const own = Uint8Array.from(piece);
    body.push(own);
    own.fill(0);
    expect((await body.stream.getReader().read()).value).toEqual(piece);
  });

  it("has its client held back while much waits for the app", async () => {
    const { budget, pace } = bench();
    const held: boolean[] = [];
    const hold = (isHeld: boolean): void => void held.push(isHeld);
    const all = new Budget();
    const roomy = all.connect("192.0.2.1")!.open(0)!;
    const body = new RequestBody({ budget: roomy, pace, contentLength: undefined, hold, now: () => 0 });
    for (let bytes = 0; bytes < bodyReadAheadBytes; bytes += piece.length) body.push(piece);
    expect([held.at(0), held.at(-1)]).toEqual([false, true]);
    const reader = body.stream.getReader();
    while (held.at(-1)) await reader.read();
    expect(all.stats().unreadBytes).toBeGreaterThan(bodyReadAheadBytes / 2);
    body.fail(new TypeError("gone"));
    expect(held.at(-1)).toBe(false);
    budget.close();
  });

  it("fails over its budget, and its reader gets the error", async () => {
    const { body, unread } = bench();
    let refusal: string | undefined;
    for (let i = 0; i < 200 && !refusal; i++) refusal = body.push(piece);
    expect(refusal).toBe("over-budget");
    expect(unread()).toBe(0);
    await expect(new Response(body.stream).text()).rejects.toThrow("over-budget");
    expect(body.push(piece)).toBeUndefined();
  });

  it.each([
    ["longer", 1500, 2],
    ["shorter", 2500, 2],
  ])("%s than announced is malformed", async (_, announced, pieces) => {
    const { body } = bench(announced);
    const refusals = Array.from({ length: pieces }, () => body.push(piece));
    expect([...refusals, body.end()]).toContain("malformed");
    await expect(new Response(body.stream).text()).rejects.toThrow("malformed");
  });

  it("as long as announced is not", async () => {
    const { body } = bench(2000);
    expect([body.push(piece), body.push(piece), body.end()]).toEqual([undefined, undefined, undefined]);
    expect((await new Response(body.stream).bytes()).length).toBe(2000);
  });

  it("takes its client's patience only while the app waits for it", async () => {
    const { body, pace } = bench();
    expect(pace.leftMs(10 * stallTimeoutMs)).toBe(stallTimeoutMs);
    const reading = body.stream.getReader().read();
    await Promise.resolve();
    expect(pace.leftMs(stallTimeoutMs)).toBe(0);
    body.push(piece);
    await reading;
    expect(pace.leftMs(10 * stallTimeoutMs)).toBe(stallTimeoutMs);
  });
});
