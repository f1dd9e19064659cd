import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, it } from "vitest";
import { appRequestsPerTurn } from "../../../../src/defaults/index.ts";
import { Turns } from "../../../../src/gateway/budget/turns.ts";

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
