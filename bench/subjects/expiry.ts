/**
 * Measures each turn of the event loop while registrations expire, all at once.
 *
 *   expiry <registrations> <rounds>      prints `{ turnsMs, sessions, routes }` as JSON: the turns of each round in their
 *                                        order, and the entries left in the data plane
 *
 * Run with --expose-gc: collecting the garbage of registering is not part of an expiry.
 */
import { setImmediate as turn } from "node:timers/promises";
import * as defaults from "../../src/defaults/index.ts";
import { createForwarder } from "../../src/forwarder/index.ts";
import { createSweeper, type Quota, Registry } from "../../src/registry/index.ts";
import { forwarderOptions } from "./forwarder.ts";
import { registerSubject } from "./registrations.ts";

const [registrations, rounds] = process.argv.slice(2).map(Number) as [number, number];
const quota: Quota = { maxRegistrations: 1, maxCids: 1, bytesPerSecond: 1e9, maxTtlMs: 60_000 };

let nowMs = Date.now();
const now = (): number => nowMs;
const forwarder = await createForwarder({ ...forwarderOptions("auto"), now });
const registry = new Registry({ forwarder, maxRegistrations: registrations, maxCids: registrations, now });

/** Lets all registrations expire. Returns the duration of each turn in which some ended, in ms. */
async function expireAll(): Promise<number[]> {
  nowMs += quota.maxTtlMs + 2 * defaults.sweepIntervalMs;
  const stopSweeper = createSweeper([() => registry.sweep()]);
  const turnsMs: number[] = [];
  for (let left = registrations; left > 0;) {
    const startedAtMs = performance.now();
    await turn();
    if (registry.stats().registrations < left) turnsMs.push(performance.now() - startedAtMs);
    left = registry.stats().registrations;
  }
  stopSweeper();
  return turnsMs;
}

const turnsMs: number[][] = [];
while (turnsMs.length < rounds) {
  for (let n = 0; n < registrations; n++) registerSubject(registry, n, quota);
  globalThis.gc!();
  turnsMs.push(await expireAll());
}
const { sessions, routes } = forwarder.stats();
process.stdout.write(`${JSON.stringify({ turnsMs, sessions, routes })}\n`);
await forwarder.close();
