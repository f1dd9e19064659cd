import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const maxTurnMs = 10;

describe("the cost of registrations, measured on the real data plane", () => {
  it("stays within bounds", { timeout: 300_000 }, async () => {
    const probe = new URL("capacity-probe.ts", import.meta.url).pathname;
    const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", probe, String(maxTurnMs)]);
    console.log(`capacity: ${stdout.trim()}`);
    const { bytesPerCid, registerCpuMs, longestTurnsMs, sessions, routes } = JSON.parse(stdout);
    // 100 000 connection IDs in 10 000 registrations of as many subjects.
    expect(bytesPerCid).toBeGreaterThan(12);
    expect(bytesPerCid).toBeLessThanOrEqual(200);
    // One registration of 10 connection IDs, beside the JWT check.
    expect(registerCpuMs).toBeLessThan(1);
    // The expiry of 100 000 registrations at once, the best of at most twenty rounds.
    expect(Math.min(...longestTurnsMs)).toBeLessThan(maxTurnMs);
    expect({ sessions, routes }).toEqual({ sessions: 0, routes: 0 });
  });
});
