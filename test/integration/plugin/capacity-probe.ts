/**
 * Measures the memory that registrations take, on the real data plane, and prints it as JSON.
 * Run with: node --expose-gc test/integration/plugin/capacity-probe.ts
 */
import { registerSubject } from "../../../bench/subjects/registrations.ts";
import * as defaults from "../../../src/defaults/index.ts";
import { createForwarder } from "../../../src/forwarder/index.ts";
import { type Quota, Registry } from "../../../src/registry/index.ts";
import { forwarderOptions } from "../harness/forwarder-options.ts";

const quota: Quota = { maxRegistrations: 64, maxCids: 2048, bytesPerSecond: 1e9, maxTtlMs: 60_000 };

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

/** What 100 000 connection IDs take, in 10 000 registrations of as many subjects. */
function fill(registrations: number, cidsEach: number): { bytesPerCid: number } {
  const before = memory();
  for (let i = 0; i < registrations; i++) registerSubject(registry, i, quota, cidsEach);
  return { bytesPerCid: (memory() - before) / (registrations * cidsEach) };
}

console.log(JSON.stringify(fill(10_000, 10)));
await forwarder.close();
