import { describe, expect, it } from "vitest";
import {
  appRequestsPerTurn,
  fieldBurstBytes,
  fieldBytesPerSecond,
  usualFieldBytes,
} from "../../../../src/defaults/index.ts";
import { FieldRate, Turns } from "../../../../src/gateway/budget/source.ts";
import { setImmediate as nextTurn } from "node:timers/promises";

it("the requests of one source let those of another pass, and keep their own order", async () => {
  const turns = new Turns<{ readonly name: string }>();
  const [crowd, visitor] = [{ name: "crowd" }, { name: "visitor" }];
  const served: string[] = [];
  const ask = (source: { readonly name: string }, n: number): Promise<unknown> =>
    turns.wait(source).then(() => served.push(`${source.name} ${n}`));
  const all = [
    ...Array.from({ length: 3 * appRequestsPerTurn }, (_, n) => ask(crowd, n)),
    ...[0, 1].map((n) => ask(visitor, n)),
  ];
  await Promise.all(all);
  expect(served.slice(0, 4)).toEqual(["crowd 0", "visitor 0", "crowd 1", "visitor 1"]);
  expect(served.filter((name) => name.startsWith("crowd"))).toEqual(
    Array.from({ length: 3 * appRequestsPerTurn }, (_, n) => `crowd ${n}`),
  );
});

it("a turn of the event loop serves a few", async () => {
  const turns = new Turns();
  let served = 0;
  for (let i = 0; i < 2 * appRequestsPerTurn; i++) void turns.wait(turns).then(() => served++);
  expect(served).toBe(0);
  await nextTurn();
  expect(served).toBe(appRequestsPerTurn);
  await nextTurn();
  expect(served).toBe(2 * appRequestsPerTurn);
});

const long = usualFieldBytes + fieldBurstBytes;

describe("the rate of header fields", () => {
  it("leaves usual fields free, however many requests have them", () => {
    const rate = new FieldRate(1);
    expect(rate.take(long, 0)).toBe(true);
    for (let i = 0; i < 1000; i++) expect(rate.take(usualFieldBytes, 0)).toBe(true);
    expect(rate.take(usualFieldBytes + 1, 0)).toBe(false);
  });

  it("comes back with time", () => {
    const rate = new FieldRate(1);
    rate.take(long, 0);
    expect(rate.take(usualFieldBytes + fieldBytesPerSecond, 999)).toBe(false);
    expect(rate.take(usualFieldBytes + fieldBytesPerSecond, 1000)).toBe(true);
  });

  it("is bounded in the wider scope as well, for all narrower ones together", () => {
    const source = new FieldRate(2);
    const connections = [1, 2, 3].map(() => new FieldRate(1, source));
    expect(connections.map((connection) => connection.take(long, 0))).toEqual([true, true, false]);
  });
});
