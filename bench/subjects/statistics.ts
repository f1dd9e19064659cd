/**
 * Measures the statistics of 100 000 registrations, and each turn of the event loop meanwhile.
 *
 *   statistics <rounds>      prints `{ sampling, byRate, filtered, lastPage }` as JSON: for each, the figures of its rounds
 *
 * Run with --expose-gc: collecting the garbage of registering is not part of the figures.
 */
import { setImmediate } from "node:timers/promises";
import * as defaults from "../../src/defaults/index.ts";
import { createForwarder } from "../../src/forwarder/index.ts";
import { Rates } from "../../src/plugin/stats/rates.ts";
import { searchPage } from "../../src/plugin/stats/page.ts";
import { type Quota, Registry } from "../../src/registry/index.ts";
import { forwarderOptions } from "./forwarder.ts";
import { registerSubject } from "./registrations.ts";

const rounds = Number(process.argv[2]);
const quota: Quota = { maxRegistrations: 1, maxCids: 1, bytesPerSecond: 1e9, maxTtlMs: 3_600_000 };

const forwarder = await createForwarder(forwarderOptions("auto"));
const { maxRegistrations, maxCids } = defaults;
const registry = new Registry({ forwarder, maxRegistrations, maxCids, now: Date.now });
for (let n = 0; n < maxRegistrations; n++) registerSubject(registry, n, quota);
globalThis.gc!();

/** The time that one round took. */
interface Cost {
  /** From the call to its completion. */
  readonly totalMs: number;
  readonly longestTurnMs: number;
}

async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  const state = { isDone: false, longestTurnMs: 0 };
  const startedAtMs = performance.now();
  let before = startedAtMs;
  const working = work().finally(() => (state.isDone = true));
  while (!state.isDone) {
    await setImmediate();
    const now = performance.now();
    state.longestTurnMs = Math.max(state.longestTurnMs, now - before);
    before = now;
  }
  await working;
  return { totalMs: performance.now() - startedAtMs, longestTurnMs: state.longestTurnMs };
}

async function costsOf(work: () => Promise<unknown>): Promise<Cost[]> {
  const costs: Cost[] = [];
  while (costs.length < rounds) costs.push(await costOf(work));
  return costs;
}

/** Takes one sample of all registrations. */
async function sample(rates: Rates): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const unwatch = rates.watch(resolve);
  await promise;
  unwatch();
  rates.close();
}

const rates = new Rates(forwarder, registry);
rates.ask();
const source = { registry, rates };
const query = { limit: 1000, order: "registered", after: undefined, filter: "" } as const;
const figures = {
  sampling: await costsOf(() => sample(new Rates(forwarder, registry))),
  byRate: await costsOf(() => searchPage(source, { ...query, order: "rate" })),
  filtered: await costsOf(() => searchPage(source, { ...query, filter: "nobody" })),
  lastPage: await costsOf(() =>
    searchPage(source, { ...query, after: { bytesPerSecond: 0, ordinal: 99_000 } }),
  ),
};
process.stdout.write(`${JSON.stringify(figures)}\n`);
rates.close();
await forwarder.close();
