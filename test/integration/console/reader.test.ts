import { once } from "node:events";
import { expect, it, vi } from "vitest";
import { StatsEvents } from "../../../src/plugin/stats/events.ts";
import { testCertificate } from "../harness/certificate.ts";
import { connectHttp2 } from "../harness/http/http2-client.ts";
import { startConsoleApp } from "./console-app.ts";
import { adminToken } from "../harness/token.ts";

// A minute of events in less than a second.
vi.mock("../../../src/defaults/index.ts", async (original) => ({
  ...(await original<typeof import("../../../src/defaults/index.ts")>()),
  sampleIntervalMs: 10,
}));

it("a page that stops reading over HTTP/2 is sent no more, and gets the newest when it goes on", async () => {
  const made = vi.spyOn(StatsEvents.prototype, "read");
  const served = await startConsoleApp();
  const { certificate: ca } = await testCertificate();
  // With a window of one byte whatever the server sends waits until somebody reads.
  const session = connectHttp2(served.url, { ca, settings: { initialWindowSize: 1 } });
  const cookie = `__Secure-quicpipe=${await adminToken()}`;
  const stream = session.request({ ":path": "/relay/events", cookie }).setEncoding("utf8");
  await once(stream, "response");

  let before = 0;
  const isStill = (): boolean => before === (before = made.mock.calls.length);
  await expect.poll(isStill, { interval: 300 }).toBe(true);
  // What fits the stream's buffer of 64 KiB, at more than 1 KiB an event.
  expect(before).toBeLessThan(64);

  const resumedAtMs = Date.now();
  session.settings({ initialWindowSize: 65_535 });
  let text = "";
  stream.on("data", (chunk: string) => void (text += chunk));
  const newest = (): number =>
    Math.max(...[...text.matchAll(/"at":"([^"]+)"/g)].map(([, at]) => Date.parse(at!)));
  await expect.poll(newest).toBeGreaterThanOrEqual(resumedAtMs);
  session.destroy();
  await expect.poll(() => served.relay.stats().waiters).toBe(0);
});
