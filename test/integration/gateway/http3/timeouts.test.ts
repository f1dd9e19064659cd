import { expect, it, onTestFinished, vi } from "vitest";
import { post } from "../../../../scripts/hostile/clients/http3-frames.ts";
import { http3Code } from "../../../../src/http3/fault.ts";
import { openRawHttp3, startHttp3, targetAt } from "../../harness/gateway.ts";
import { startRelay } from "../../harness/relay.ts";

// Who stands still is cut off in less time than a test has.
vi.mock("../../../../src/defaults/index.ts", async (original) => ({
  ...(await original()),
  headersTimeoutMs: 2000,
  stallTimeoutMs: 2000,
}));

it("a connection over HTTP/3 ends where its client asks for nothing, or never to the end", async () => {
  const gateway = await startHttp3({ fetch: () => new Response("here") });
  const target = await targetAt(gateway);
  const [silent, slow] = [await openRawHttp3(target), await openRawHttp3(target)];
  // HEADERS of 100 bytes, of which two come.
  const id = slow.stream(Buffer.from([0x01, 0x40, 100, 0, 0]), false);
  const keepAlive = setInterval(() => [silent, slow].forEach((client) => client.ping()), 100);
  onTestFinished(() => clearInterval(keepAlive));
  expect(gateway.stats().unreadBytes).toBe(0);
  await expect.poll(() => gateway.stats().unreadBytes).toBeGreaterThan(0);
  await slow.status(id);
  expect(slow.answer(id).resetWith).toBe(http3Code.requestIncomplete);
  await Promise.all([silent.closed, slow.closed]);
  expect([silent.closedWith, slow.closedWith]).toEqual([http3Code.noError, http3Code.noError]);
  await expect.poll(() => gateway.stats()).toMatchObject({ sources: 0, unreadBytes: 0 });
});

it("a request over HTTP/3 whose body does not come is ended by time", async () => {
  const target = await targetAt(await startRelay());
  const client = await openRawHttp3(target);
  const id = client.request(post("/v1/register", target), false);
  const dripping = setInterval(() => client.send(id, Buffer.from("{")), 500);
  onTestFinished(() => clearInterval(dripping));
  await client.status(id);
  expect(client.answer(id).resetWith).toBe(http3Code.requestIncomplete);
});
