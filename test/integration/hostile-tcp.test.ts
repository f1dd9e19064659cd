import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { attackFor } from "../../scripts/hostile/attacker-process.ts";
import { type Visit, visitTcp } from "../../scripts/hostile/honest/visitor.ts";
import { warmUp } from "../../scripts/hostile/honest/warm-up.ts";
import { RelayProcess } from "../../scripts/hostile/relay-process.ts";
import { tcpAttacks } from "../../scripts/hostile/attacks/tcp/index.ts";
import { bounds, failuresOf, median } from "../../scripts/hostile/verdict.ts";

const attackMs = 10_000;
/** How long memory may take to go back. */
const calmMs = 20_000;

async function startRelay(): Promise<RelayProcess> {
  const relay = await RelayProcess.start("auto");
  onTestFinished(() => relay.close());
  return relay;
}

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
      const relay = await startRelay();
      await warmUp(relay.target);
      const quiet = await visits(relay, sleep(3000));
      const quietBytes = relay.rssBytes;
      const attack = attackFor(relay, name, attackMs);
      const [{ complaint }, attacked, attackedBytes] = await Promise.all([
        attack,
        visits(relay, attack),
        highestRss(relay, attack),
      ]);
      const calm = (): number => (relay.rssBytes - quietBytes) / 2 ** 20;
      const sincePeak = (attackedBytes - quietBytes) / 2 ** 20;
      const slow = median(attacked) / median(quiet);
      for (
        const end = performance.now() + calmMs;
        performance.now() < end && calm() * 2 ** 20 > bounds.rssAfterBytes;
      ) {
        // Somebody always comes, which has the process clean up.
        await visitTcp(relay.target);
        await sleep(100);
      }
      process.stderr.write(
        `${name}: ${sincePeak.toFixed(0)} MB more, ${calm().toFixed(0)} MB after, visits ${slow.toFixed(1)} times as slow, ${relay.logBytes} bytes of log\n`,
      );
      expect(complaint).toBeUndefined();
      expect(relay.isAlive, relay.logEnd).toBe(true);
      expect(relay.logBytes).toBeLessThan(bounds.logBytes);
      expect(slow).toBeLessThan(bounds.visitRatio);
      expect(failuresOf(attacked)).toBeLessThanOrEqual(bounds.failedShare * attacked.length);
      expect(sincePeak * 2 ** 20).toBeLessThan(bounds.rssBytes);
      expect(calm() * 2 ** 20).toBeLessThan(bounds.rssAfterBytes);
    },
    180_000,
  );
});
