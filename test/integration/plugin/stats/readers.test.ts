import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { expect, it, vi } from "vitest";
import { StatsEvents } from "../../../../src/plugin/stats/events.ts";
import { openDeadReader } from "./dead-reader.ts";
import { packetFor } from "../../harness/packets.ts";
import { serveRelay } from "../../harness/relay-app.ts";
import { adminToken, secret } from "../../harness/token.ts";
import { openSocket, prove, register } from "../../harness/udp-peer.ts";

// Half an hour of events in two seconds, so that the buffers of the system are soon full.
vi.mock("../../../../src/defaults/index.ts", async (original) => ({
  ...(await original<typeof import("../../../../src/defaults/index.ts")>()),
  sampleIntervalMs: 1,
}));

const readers = 4;

it("a reader that stops reading costs neither memory nor packets, and gets the newest when it reads again", async () => {
  const app = await serveRelay({ auth: { secret } });
  const read = vi.spyOn(StatsEvents.prototype, "read");
  const token = await adminToken();
  const dead = await Promise.all(Array.from({ length: readers }, () => openDeadReader(app, token)));
  let before = -1;
  await expect
    .poll(() => read.mock.calls.length === before || ((before = read.mock.calls.length), false), {
      interval: 300,
    })
    .toBe(true);
  expect(before).toBeGreaterThan(100);
  expect(app.relay.stats().waiters).toBe(readers);

  const [alice, bob] = [await openSocket(), await openSocket()];
  const bobKey = randomBytes(32);
  await prove(app, alice, await register(app, "alice", randomBytes(32)));
  await prove(app, bob, await register(app, "bob", bobKey));
  let received = 0;
  bob.on("message", () => received++);
  const { address, port } = app.relay.address();
  // Where the events would be, were they kept: as bytes, outside of the heap.
  const externalBytes = process.memoryUsage().external;
  for (let i = 0; i < 200; i++) {
    for (let n = 0; n < 5; n++) alice.send(packetFor(bobKey, "x"), port, address);
    await delay(5);
  }
  await expect.poll(() => received).toBe(1000);
  expect(process.memoryUsage().external - externalBytes).toBeLessThan(1e6);
  // Nothing was made for them, although the figures changed a thousand times.
  expect(read.mock.calls.length).toBe(before);

  const resumedAtMs = Date.now();
  let text = "";
  dead[0]!
    .on("data", (chunk: Buffer) => void (text = (text + chunk.toString("latin1")).slice(-100_000)))
    .resume();
  await expect
    .poll(() => Math.max(...[...text.matchAll(/"at":"([^"]+)"/g)].map(([, at]) => Date.parse(at!))))
    .toBeGreaterThanOrEqual(resumedAtMs);
});
