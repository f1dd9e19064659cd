import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

/** Of the work that all expire at once is, the largest part that may go on in one turn of the event loop. */
const maxTurnShare = 0.05;

describe("the cost of registrations, measured on the real data plane", () => {
  it("stays within bounds", { timeout: 300_000 }, async () => {
    const probe = new URL("capacity-probe.ts", import.meta.url).pathname;
    const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", probe]);
    console.log(`capacity: ${stdout.trim()}`);
    const { bytesPerCid, registerCpuMs, expiries, sessions, routes } = JSON.parse(stdout);
    // 100 000 connection IDs in 10 000 registrations of as many subjects.
    expect(bytesPerCid).toBeGreaterThan(12);
    expect(bytesPerCid).toBeLessThanOrEqual(200);
    // One registration of 10 connection IDs, beside the JWT check.
    expect(registerCpuMs).toBeLessThan(1);
    // The expiry of 100 000 registrations at once is cut into turns; noise only adds, so the best of some rounds tells.
    const shares = expiries.map(
      ({ longestTurnMs, totalMs }: { longestTurnMs: number; totalMs: number }) => longestTurnMs / totalMs,
    );
    expect(Math.min(...shares)).toBeLessThan(maxTurnShare);
    expect({ sessions, routes }).toEqual({ sessions: 0, routes: 0 });
  });
});
