// Runs alone: memory and visits of a relay's process under attack are compared with those before.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Attack } from "../../../scripts/hostile/attack.ts";
import { attackFor } from "../../../scripts/hostile/attacker-process.ts";
import { announcedFrames } from "../../../scripts/hostile/attacks/http3/announced-frames.ts";
import { endlessBodies } from "../../../scripts/hostile/attacks/http3/endless-bodies.ts";
import { warmUp } from "../../../scripts/hostile/honest/warm-up.ts";
import { type Visit, visitHttp3 } from "../../../scripts/hostile/honest/visitor.ts";
import { get, post } from "../../../scripts/hostile/clients/http3-frames.ts";
import {
  malformedKinds,
  malformedRequests,
} from "../../../scripts/hostile/attacks/http3/malformed-requests.ts";
import { parallelUploads } from "../../../scripts/hostile/attacks/http3/parallel-uploads.ts";
import { sparseStreams } from "../../../scripts/hostile/attacks/http3/sparse-streams.ts";
import { requestResets } from "../../../scripts/hostile/attacks/http3/request-resets.ts";
import { bounds, failuresOf } from "../../../scripts/hostile/verdict.ts";
import { stallTimeoutMs } from "../../../src/defaults/index.ts";
import { openRawHttp3 } from "../harness/gateway.ts";
import { startRelayProcess } from "../harness/relay.ts";

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
  it.each(attacks)("lives through $name, and serves others meanwhile", async ({ name }) => {
    const relay = await startRelayProcess("dgram");
    await warmUp(relay.target);
    const quietBytes = relay.rssBytes;
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

describe("a request over HTTP/3", () => {
  it("that cannot be read is answered, whatever is wrong with it", async () => {
    const relay = await startRelayProcess("dgram");
    const client = await openRawHttp3(relay.target);
    for (const { name, fields, status } of malformedKinds) {
      const id = client.request(fields(relay.target), true);
      expect([name, await client.status(id)]).toEqual([name, status]);
    }
    expect(relay.logEnd).not.toMatch(/\n\s+at /);
  });

  it("that has a value in UTF-8 is answered", async () => {
    const relay = await startRelayProcess("dgram");
    const client = await openRawHttp3(relay.target);
    const id = client.request([...get("/", relay.target), ["x-name", "日本"]], true);
    expect(await client.status(id)).toBe(200);
  });

  it("that goes on after its answer is stopped, and the answer arrives", async ({ signal }) => {
    const relay = await startRelayProcess("dgram");
    const client = await openRawHttp3(relay.target);
    const id = client.request(post("/v1/register", relay.target), false);
    const bytes = await client.upload(id, 300e6, signal);
    expect(await client.status(id)).toBe(401);
    expect(client.answer(id).stoppedWith).toBe(0x100);
    expect(bytes).toBeLessThan(50e6);
  });

  it("whose body does not come is ended by time", async () => {
    const relay = await startRelayProcess("dgram");
    const client = await openRawHttp3(relay.target);
    const token = await relay.target.token("slow");
    const fields = [...post("/v1/register", relay.target), ["authorization", `Bearer ${token}`]] as const;
    const id = client.request(fields, false);
    const dripping = setInterval(() => client.send(id, Buffer.from("{")), stallTimeoutMs / 4);
    await client.status(id);
    clearInterval(dripping);
    expect(client.answer(id).resetWith).toBe(0x10d);
  });
});
