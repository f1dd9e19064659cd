import { randomBytes } from "node:crypto";
import type { Quota, Registry } from "../../src/registry/index.ts";

/**
 * Registers subject number `n` at an address of its own, with `num` connection IDs and the longest life that the quota
 * allows.
 */
export function registerSubject(registry: Registry, n: number, quota: Quota, num = 1): void {
  const subject = `user-${n}@example.com`;
  registry.register({
    subject,
    account: subject,
    quota,
    ratedBy: "subject",
    key: randomBytes(32),
    num,
    ttlMs: quota.maxTtlMs,
    proof: {
      address: { address: `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`, port: 4433 },
      atMs: Date.now(),
    },
  });
}
