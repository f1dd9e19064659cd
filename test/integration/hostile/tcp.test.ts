// Runs alone: memory and visits of a relay's process under attack are compared with those before.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { attackFor } from "../../../scripts/hostile/attacker-process.ts";
import { type Visit, visitTcp } from "../../../scripts/hostile/honest/visitor.ts";
import { warmUp } from "../../../scripts/hostile/honest/warm-up.ts";
import { RelayProcess } from "../../../scripts/hostile/relay-process.ts";
import { tcpAttacks } from "../../../scripts/hostile/attacks/tcp/index.ts";
import { bounds, failuresOf } from "../../../scripts/hostile/verdict.ts";
import { startRelayProcess } from "../harness/relay.ts";

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
  it.each(tcpAttacks)(
    "holds against $name",
    async ({ name }) => {
      const relay = await startRelayProcess("auto");
      await warmUp(relay.target);
      const quietBytes = relay.rssBytes;
      const attack = attackFor(relay, name, attackMs);
      const [{ complaint }, attacked, attackedBytes] = await Promise.all([
        attack,
        visits(relay, attack),
        highestRss(relay, attack),
      ]);
      const calm = (): number => (relay.rssBytes - quietBytes) / 2 ** 20;
      const sincePeak = (attackedBytes - quietBytes) / 2 ** 20;
      process.stderr.write(`${name}: ${sincePeak.toFixed(0)} MB more, ${relay.logBytes} bytes of log\n`);
      expect(complaint).toBeUndefined();
      expect(relay.isAlive, relay.logEnd).toBe(true);
      expect(relay.logBytes).toBeLessThan(bounds.logBytes);
      expect(failuresOf(attacked)).toBeLessThanOrEqual(bounds.failedShare * attacked.length);
      expect(sincePeak * 2 ** 20).toBeLessThan(bounds.rssBytes);
      // Honest clients go on to come, which has the process clean up.
      const calmed = async (): Promise<number> => (await visitTcp(relay.target), calm() * 2 ** 20);
      await expect.poll(calmed, { interval: 100 }).toBeLessThan(bounds.rssAfterBytes);
    },
    180_000,
  );
});
