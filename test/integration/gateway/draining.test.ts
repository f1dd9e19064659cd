import { randomBytes } from "node:crypto";
import { H3 } from "h3";
import { expect, it, onTestFinished } from "vitest";
import { serve, type Served } from "../../../src/gateway/index.ts";
import type { Relay } from "../../../src/index.ts";
import { testCertificate } from "../harness/certificate.ts";
import { commonPort } from "../harness/network/ports.ts";
import { createRelay } from "../harness/relay.ts";

interface Draining {
  readonly app: H3;
  readonly relay: Relay;
  readonly served: Served;
}

async function start(): Promise<Draining> {
  const { privateKey: key, certificate: cert } = await testCertificate();
  const relay = createRelay({ port: await commonPort(), auth: "none" });
  const app = new H3().use(relay);
  const served = await serve(app, { relay, tls: { key, cert }, logger: false });
  onTestFinished(() => served.close());
  return { app, relay, served };
}

async function request(app: H3, method: string, path: string, body?: unknown): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return await app.request(path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
}

async function register({ app }: Draining): Promise<string> {
  const body = { key: randomBytes(16).toString("base64"), num: 1 };
  const answer = await request(app, "POST", "/v1/register", body);
  return ((await answer.json()) as { id: string }).id;
}

it("a served app that closes with a grace serves until the last registration has ended", async () => {
  const draining = await start();
  const { app, relay, served } = draining;
  const id = await register(draining);
  let isClosed = false;
  const closing = served.close({ graceMs: 600_000 }).then(() => (isClosed = true));
  await expect.poll(async () => (await request(app, "GET", "/v1/readyz")).status).toBe(503);
  expect([isClosed, relay.stats().registrations]).toEqual([false, 1]);
  await request(app, "DELETE", `/v1/registrations/${id}`);
  await closing;
  expect(() => relay.address()).toThrow(expect.objectContaining({ code: "ERR_QUICPIPE_CLOSED" }));
});

it("a grace ends where registrations stay", async () => {
  const draining = await start();
  await register(draining);
  await draining.relay.drain({ graceMs: 1 });
  expect(draining.relay.stats().registrations).toBe(1);
  await draining.served.close({ graceMs: 1 });
  expect(draining.relay.stats().registrations).toBe(1);
});

it("a wrong grace is refused, and closes nothing", async () => {
  const { relay, served } = await start();
  const invalid = { code: "ERR_QUICPIPE_OPTION_INVALID", details: { option: "graceMs" } };
  await expect(served.close({ graceMs: -1 })).rejects.toMatchObject(invalid);
  await expect(relay.drain({ graceMs: 0.5 })).rejects.toMatchObject(invalid);
  expect(relay.address().port).toBe(served.address.port);
  await served.close();
});
