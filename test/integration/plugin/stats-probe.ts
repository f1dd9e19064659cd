/**
 * Measures how long statistics of 100 000 registrations keep the event loop from its other work, against the real data
 * plane, and prints the figures as JSON. Run with: node --expose-gc test/integration/plugin/stats-probe.ts
 */
import { randomBytes } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import * as defaults from "../../../src/defaults.ts";
import { createForwarder } from "../../../src/forwarder/index.ts";
import { Rates } from "../../../src/plugin/rates.ts";
import { searchPage } from "../../../src/plugin/stats-page.ts";
import { type Quota, Registry } from "../../../src/registry/index.ts";
import { forwarderOptions } from "../harness/forwarder-options.ts";

const quota: Quota = { maxRegistrations: 64, maxCids: 2048, bytesPerSecond: 1e9, maxTtlMs: 1e9 };

const forwarder = await createForwarder(
  forwarderOptions({ maxSessions: defaults.maxRegistrations, now: Date.now }),
);
const { maxRegistrations, maxCids } = defaults;
const registry = new Registry({ forwarder, maxRegistrations, maxCids, now: Date.now });
for (let n = 0; n < maxRegistrations; n++)
  registry.register({
    subject: `user-${n}@example.com`,
    account: `user-${n}@example.com`,
    quota,
    ratedBy: "subject",
    key: randomBytes(32),
    num: 1,
    ttlMs: 600_000,
    address: { address: `203.0.${(n >> 8) & 255}.${n & 255}`, port: 1024 + (n % 60_000) },
  });
globalThis.gc!();

interface Cost {
  /** From the call until it is done. */
  readonly wallMs: number;
  /** Of this thread, from one turn of the event loop to the next; what others take of the machine does not count. */
  readonly longestTurnMs: number;
}

async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  const state = { isDone: false, longestTurnMs: 0 };
  const startedAt = performance.now();
  let before = process.threadCpuUsage();
  const working = work().finally(() => (state.isDone = true));
  while (!state.isDone) {
    await setImmediate();
    const { user, system } = process.threadCpuUsage(before);
    state.longestTurnMs = Math.max(state.longestTurnMs, (user + system) / 1000);
    before = process.threadCpuUsage();
  }
  await working;
  return { wallMs: performance.now() - startedAt, longestTurnMs: state.longestTurnMs };
}

/** The least of some rounds: the machine's noise only ever adds. */
async function best(work: () => Promise<unknown>): Promise<Cost> {
  const costs: Cost[] = [];
  for (let i = 0; i < 6; i++) costs.push(await costOf(work));
  const least = (figure: keyof Cost): number => Math.min(...costs.map((cost) => cost[figure]));
  return { wallMs: least("wallMs"), longestTurnMs: least("longestTurnMs") };
}

/** One round of samples. */
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
  sampling: await best(() => sample(new Rates(forwarder, registry))),
  byRate: await best(() => searchPage(source, { ...query, order: "rate" })),
  filtered: await best(() => searchPage(source, { ...query, filter: "nobody" })),
  lastPage: await best(() => searchPage(source, { ...query, after: { bytesPerSecond: 0, ordinal: 99_000 } })),
};
console.log(
  JSON.stringify({ backend: forwarder.backend, registrations: registry.stats().registrations, ...figures }),
);
rates.close();
await forwarder.close();
