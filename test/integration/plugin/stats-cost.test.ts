import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

describe("the statistics of 100 000 registrations", () => {
  it("are sampled and searched without keeping others waiting", { timeout: 120_000 }, async () => {
    const probe = new URL("stats-probe.ts", import.meta.url).pathname;
    const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", probe]);
    console.log(`statistics: ${stdout.trim()}`);
    const { registrations, sampling, byRate, filtered, lastPage } = JSON.parse(stdout);
    expect(registrations).toBe(100_000);
    for (const { longestTurnMs } of [sampling, byRate, filtered, lastPage])
      expect(longestTurnMs).toBeLessThan(10);
    // A round ends long before the next one begins, a second later.
    expect(sampling.wallMs).toBeLessThan(500);
  });
});
