// Runs alone: memory and visits of a relay's process under attack are compared with those before.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Attack } from "../../../scripts/hostile/attack.ts";
import { attackFor } from "../../../scripts/hostile/attacker-process.ts";
import { announcedFrames } from "../../../scripts/hostile/attacks/http3/announced-frames.ts";
import { endlessBodies } from "../../../scripts/hostile/attacks/http3/endless-bodies.ts";
import { warmUp } from "../../../scripts/hostile/honest/warm-up.ts";
import { type Visit, visitHttp3 } from "../../../scripts/hostile/honest/visitor.ts";
import { malformedRequests } from "../../../scripts/hostile/attacks/http3/malformed-requests.ts";
import { parallelUploads } from "../../../scripts/hostile/attacks/http3/parallel-uploads.ts";
import { sparseStreams } from "../../../scripts/hostile/attacks/http3/sparse-streams.ts";
import { requestResets } from "../../../scripts/hostile/attacks/http3/request-resets.ts";
import { RelayProcess } from "../../../scripts/hostile/relay-process.ts";
import { bounds, failuresOf } from "../../../scripts/hostile/verdict.ts";

const attackMs = 8000;

const attacks: readonly Attack[] = [
  requestResets,
  malformedRequests,
  endlessBodies,
  parallelUploads,
  announcedFrames,
  sparseStreams,
];

describe("a relay's process", () => {
  let relay: RelayProcess;
  let warmBytes: number;

  beforeAll(async () => {
    relay = await RelayProcess.start("dgram");
    await warmUp(relay.target);
    warmBytes = relay.rssBytes;
  });
  afterAll(() => relay.close());

  it.each(attacks)("lives through $name, and serves others meanwhile", async ({ name }) => {
    // What earlier attacks have left behind counts, and what they have freed is no room for more.
    const quietBytes = Math.min(warmBytes, relay.rssBytes);
    let mostBytes = 0;
    const timer = setInterval(() => (mostBytes = Math.max(mostBytes, relay.rssBytes)), 50);
    const over = attackFor(relay, name, attackMs);
    const visits: Visit[] = [];
    for (const end = performance.now() + attackMs; performance.now() < end; await sleep(200))
      visits.push(await visitHttp3(relay.target));
    expect((await over).complaint).toBeUndefined();
    clearInterval(timer);
    expect(relay.isAlive).toBe(true);
    expect(visits).not.toEqual([]);
    expect(failuresOf(visits)).toBeLessThanOrEqual(bounds.failedShare * visits.length);
    expect(mostBytes - quietBytes).toBeLessThan(bounds.rssBytes);
    expect(relay.logBytes).toBeLessThan(bounds.logBytes);
    await expect.poll(() => relay.rssBytes - quietBytes).toBeLessThan(bounds.rssAfterBytes);
  });
});
