/**
 * Measures what registrations cost, against the real data plane, and prints the figures as JSON.
 * Run with: node --expose-gc test/integration/plugin/capacity-probe.ts
 */
import { randomBytes } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import * as defaults from "../../../src/defaults.ts";
import { createForwarder } from "../../../src/forwarder/index.ts";
import { createSweeper, type Quota, Registry } from "../../../src/registry/index.ts";
import { forwarderOptions } from "../harness/forwarder-options.ts";

const quota: Quota = { maxRegistrations: 64, maxCids: 2048, bytesPerSecond: 1e9, maxTtlMs: 1e9 };
const ttlMs = 60_000;
let nowMs = 1_700_000_000_000;
let count = 0;

const forwarder = await createForwarder(forwarderOptions({ maxSessions: 200_000, now: () => nowMs }));
const registry = new Registry({
  forwarder,
  maxRegistrations: defaults.maxRegistrations,
  maxCids: defaults.maxCids,
  now: () => nowMs,
});

function register(num: number): void {
  const n = count++;
  registry.register({
    subject: `user-${n}@example.com`,
    account: `user-${n}@example.com`,
    quota,
    ratedBy: "subject",
    key: randomBytes(32),
    num,
    ttlMs,
    address: { address: `203.0.${(n >> 8) & 255}.${n & 255}`, port: 1024 + (n % 60_000) },
  });
}

function memory(): number {
  globalThis.gc!();
  globalThis.gc!();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** CPU time of this process, in ms. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Bytes for each connection ID, and the CPU time of one registration: the median of slices. */
function fill(registrations: number, cidsEach: number): { bytesPerCid: number; registerCpuMs: number } {
  const before = memory();
  const slices = Array.from({ length: 20 }, () => {
    const startedAt = cpuMs();
    for (let i = 0; i < registrations / 20; i++) register(cidsEach);
    return ((cpuMs() - startedAt) * 20) / registrations;
  });
  const bytesPerCid = (memory() - before) / (registrations * cidsEach);
  return { bytesPerCid, registerCpuMs: slices.sort((a, b) => a - b)[10]! };
}

/**
 * Lets everything expire, and measures the longest turn of the event loop. In CPU time of its thread, to
 * which Linux adds up to 4 ms by its clock tick; wall time would count what the machine gives to others.
 */
async function expireAll(): Promise<{ longestTurnMs: number; totalMs: number }> {
  nowMs += ttlMs + 2 * defaults.sweepIntervalMs;
  const sweeper = createSweeper([() => registry.sweep()]);
  const keepAlive = setInterval(() => undefined, 1000);
  let longestTurnMs = 0;
  const startedAtMs = cpuMs();
  while (registry.stats().registrations > 0) {
    const before = process.threadCpuUsage();
    await setImmediate();
    const { user, system } = process.threadCpuUsage(before);
    longestTurnMs = Math.max(longestTurnMs, (user + system) / 1000);
  }
  clearInterval(keepAlive);
  sweeper.close();
  return { longestTurnMs, totalMs: cpuMs() - startedAtMs };
}

const { bytesPerCid, registerCpuMs } = fill(10_000, 10);
const rounds = 3;
const expiries: Awaited<ReturnType<typeof expireAll>>[] = [];
while (expiries.length < rounds) {
  while (registry.stats().registrations < 100_000) register(1);
  // What the burst of registrations left to collect is no part of the expiry.
  globalThis.gc!();
  expiries.push(await expireAll());
}
const { sessions, routes } = forwarder.stats();
console.log(JSON.stringify({ bytesPerCid, registerCpuMs, expiries, sessions, routes }));
await forwarder.close();
