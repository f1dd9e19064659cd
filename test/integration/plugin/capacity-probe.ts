/**
 * Measures what registrations cost, against the real data plane, and prints the figures as JSON.
 * Run with: node --expose-gc test/integration/plugin/capacity-probe.ts
 */
import { randomBytes } from "node:crypto";
import { registerSubject } from "../../../bench/subjects/registrations.ts";
import * as defaults from "../../../src/defaults/index.ts";
import { createForwarder } from "../../../src/forwarder/index.ts";
import { type Quota, Registry } from "../../../src/registry/index.ts";
import { deriveConnectionIds } from "../../../src/wire/connection-id.ts";
import { forwarderOptions } from "../harness/forwarder-options.ts";

const quota: Quota = { maxRegistrations: 64, maxCids: 2048, bytesPerSecond: 1e9, maxTtlMs: 60_000 };
let count = 0;

const forwarder = await createForwarder(forwarderOptions({ maxSessions: 10_000, now: Date.now }));
const registry = new Registry({
  forwarder,
  maxRegistrations: defaults.maxRegistrations,
  maxCids: defaults.maxCids,
  now: Date.now,
});

function memory(): number {
  globalThis.gc!();
  globalThis.gc!();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** CPU time of this process so far, in ms. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** CPU time of doing something so many times, in ms. */
function cpuMsOf(times: number, work: () => void): number {
  const startedAtMs = cpuMs();
  for (let i = 0; i < times; i++) work();
  return cpuMs() - startedAtMs;
}

/**
 * Bytes for each connection ID, and how many times the CPU time of deriving its connection IDs a registration takes:
 * the median of slices, in which both take turns.
 */
function fill(registrations: number, cidsEach: number): { bytesPerCid: number; registerOfDerive: number } {
  const before = memory();
  const slices = Array.from({ length: 20 }, () => {
    const registerMs = cpuMsOf(registrations / 20, () => registerSubject(registry, count++, quota, cidsEach));
    return registerMs / cpuMsOf(registrations / 20, () => deriveConnectionIds(randomBytes(32), 1, cidsEach));
  });
  const bytesPerCid = (memory() - before) / (registrations * cidsEach);
  return { bytesPerCid, registerOfDerive: slices.sort((a, b) => a - b)[10]! };
}

console.log(JSON.stringify(fill(10_000, 10)));
await forwarder.close();
