// Runs alone: memory and visits of a relay's process under attack are compared with those before.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { attackFor } from "../../../scripts/hostile/attacker-process.ts";
import { type Visit, visitTcp } from "../../../scripts/hostile/honest/visitor.ts";
import { warmUp } from "../../../scripts/hostile/honest/warm-up.ts";
import { RelayProcess } from "../../../scripts/hostile/relay-process.ts";
import { tcpAttacks } from "../../../scripts/hostile/attacks/tcp/index.ts";
import { bounds, failuresOf } from "../../../scripts/hostile/verdict.ts";

const attackMs = 10_000;

async function visits(relay: RelayProcess, during: Promise<unknown>): Promise<Visit[]> {
  const done: Visit[] = [];
  const over = new AbortController();
  void during.finally(() => over.abort());
  while (!over.signal.aborted) {
    done.push(await visitTcp(relay.target));
    await sleep(200);
  }
  return done;
}

async function highestRss(relay: RelayProcess, during: Promise<unknown>): Promise<number> {
  let highest = 0;
  const timer = setInterval(() => (highest = Math.max(highest, relay.rssBytes)), 50);
  await during;
  clearInterval(timer);
  return highest;
}

describe("a relay's TCP port", () => {
  let relay: RelayProcess;
  let warmBytes: number;

  beforeAll(async () => {
    relay = await RelayProcess.start("auto");
    await warmUp(relay.target);
    warmBytes = relay.rssBytes;
  });
  afterAll(() => relay.close());

  it.each(tcpAttacks)("holds against $name", async ({ name }) => {
    // What earlier attacks have left behind counts, and what they have freed is no room for more.
    const quietBytes = Math.min(warmBytes, relay.rssBytes);
    const quietLogBytes = relay.logBytes;
    const attack = attackFor(relay, name, attackMs);
    const [{ complaint }, attacked, attackedBytes] = await Promise.all([
      attack,
      visits(relay, attack),
      highestRss(relay, attack),
    ]);
    const calm = (): number => relay.rssBytes - quietBytes;
    const sincePeak = attackedBytes - quietBytes;
    const logBytes = relay.logBytes - quietLogBytes;
    process.stderr.write(`${name}: ${(sincePeak / 2 ** 20).toFixed(0)} MB more, ${logBytes} bytes of log\n`);
    expect(complaint).toBeUndefined();
    expect(relay.isAlive, relay.logEnd).toBe(true);
    expect(logBytes).toBeLessThan(bounds.logBytes);
    expect(failuresOf(attacked)).toBeLessThanOrEqual(bounds.failedShare * attacked.length);
    expect(sincePeak).toBeLessThan(bounds.rssBytes);
    // Honest clients go on to come, which has the process clean up.
    const calmed = async (): Promise<number> => (await visitTcp(relay.target), calm());
    await expect.poll(calmed, { interval: 100 }).toBeLessThan(bounds.rssAfterBytes);
  });
});
