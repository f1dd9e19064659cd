import { describe, expect, it } from "vitest";
import {
  bodyBlockBytes,
  bodyBlockOverheadBytes,
  bodyKeptBytes,
  bodyReadAheadBytes,
  requestOverheadBytes,
  stallTimeoutMs,
} from "../../../../src/defaults/index.ts";
import { Budget } from "../../../../src/gateway/budget/budget.ts";
import type { RequestBudget } from "../../../../src/gateway/budget/request.ts";
import { Pace } from "../../../../src/gateway/exchange/patience.ts";
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

  it("is counted until it is read, block by block", async () => {
    const { body, unread } = bench();
    const block = new Uint8Array(bodyBlockBytes).fill(7);
    const cost = bodyBlockBytes + bodyBlockOverheadBytes;
    const blocks = 2 * Math.ceil(bodyKeptBytes / cost);
    for (let i = 0; i < blocks; i++) body.push(block);
    expect(unread()).toBe(blocks * cost);
    const reader = body.stream.getReader();
    for (let i = 0; i < blocks / 2; i++) expect((await reader.read()).value).toEqual(block);
    expect(unread()).toBe((blocks / 2) * cost + bodyKeptBytes);
    await reader.cancel();
    expect(unread()).toBe(bodyKeptBytes);
  });

  it("counts where it was read until its request is over, for as much as an app may keep", async () => {
    const { body, budget, unread } = bench();
    const text = new Response(body.stream).text();
    body.push(Buffer.from("a short one"));
    body.end();
    await text;
    expect(unread()).toBe("a short one".length + bodyBlockOverheadBytes);
    budget.close();
    expect(unread()).toBe(-requestOverheadBytes);
  });

  it("is read in one piece where it came in many in one turn of the event loop", async () => {
    const { body } = bench();
    const reader = body.stream.getReader();
    const read = reader.read();
    for (let i = 0; i < 1000; i++) body.push(Uint8Array.of(7));
    expect((await read).value).toEqual(piece);
  });

  it("is read as soon as a block of it is there", async () => {
    const { body } = bench();
    const read = body.stream.getReader().read();
    let isRead = false;
    void read.then(() => (isRead = true));
    body.push(new Uint8Array(bodyBlockBytes));
    for (let i = 0; i < 5; i++) await Promise.resolve();
    expect(isRead).toBe(true);
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
    await expect(new Response(body.stream).text()).rejects.toThrow("over its budget");
    expect(body.push(piece)).toBeUndefined();
  });

  it.each([
    ["longer", 1500, 2],
    ["shorter", 2500, 2],
  ])("%s than announced is malformed", async (_, announced, pieces) => {
    const { body } = bench(announced);
    const refusals = Array.from({ length: pieces }, () => body.push(piece));
    expect([...refusals, body.end()]).toContain("malformed");
    await expect(new Response(body.stream).text()).rejects.toThrow("another length");
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
