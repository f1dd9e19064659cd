import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type Answer, type RelayApp, call, initialPacket, serveRelay } from "./relay-app.ts";

const packets = [initialPacket().toString("base64")];
/** Clients as a reverse proxy on loopback tells of them. */
const [mallory, alice, neighbour] = ["198.51.100.66", "203.0.113.7", "2001:db8:0:1::7"];

function from(ip: string): Record<string, string> {
  return { "x-forwarded-for": ip };
}

function poll(app: RelayApp, ip: string, signal: AbortSignal): Promise<Response> {
  return fetch(`${app.url}/v1/mailbox`, { headers: { ...from(ip), prefer: "wait=60" }, signal });
}

function send(app: RelayApp, ip: string, to: string): Promise<Answer> {
  return call("POST", `${app.url}/v1/mailbox/${to}`, { headers: from(ip), body: { packets } });
}

function register(app: RelayApp, ip: string): Promise<Answer> {
  const body = { key: randomBytes(16).toString("base64"), num: 1 };
  return call("POST", `${app.url}/v1/register`, { headers: from(ip), body });
}

describe('with auth: "none" a client', () => {
  it("cannot take all waits", async () => {
    const app = await serveRelay({ auth: "none", limits: { maxWaiters: 40 } });
    const clients = new AbortController();
    const flood = Array.from({ length: 60 }, () => poll(app, mallory, clients.signal));
    const refused = await Promise.race(flood);
    expect(refused.status).toBe(429);
    await expect.poll(() => app.relay.stats().waiters).toBe(30);
    const open = poll(app, alice, clients.signal);
    await expect.poll(() => app.relay.stats().waiters).toBe(31);
    expect((await send(app, alice, "anonymous")).status).toBe(201);
    expect((await open).status).toBe(200);
    clients.abort();
    await Promise.allSettled(flood);
  });

  it("has the waits of 16 subjects and no more", async () => {
    const app = await serveRelay({ auth: "none", limits: { maxWaitersPerSubject: 1 } });
    const clients = new AbortController();
    const flood = Array.from({ length: 20 }, () => poll(app, mallory, clients.signal));
    await expect.poll(() => app.relay.stats().refused).toEqual({ ERR_QUICPIPE_WAITER_QUOTA: 4 });
    expect(app.relay.stats().waiters).toBe(16);
    clients.abort();
    await Promise.allSettled(flood);
  });

  it("cannot fill a mailbox", async () => {
    const app = await serveRelay({ auth: "none" });
    const flood = await Promise.all(Array.from({ length: 40 }, () => send(app, mallory, "anonymous")));
    expect(flood.filter(({ status }) => status === 201)).toHaveLength(16);
    for (const ip of [alice, neighbour]) expect((await send(app, ip, "anonymous")).status).toBe(201);
  });

  it("cannot use up the requests of others", async () => {
    const app = await serveRelay({ auth: "none", limits: { requestsPerMinute: 1 } });
    const flood = [];
    for (let i = 0; i < 20; i++) flood.push((await register(app, mallory)).status);
    expect(flood).toEqual(Array.from({ length: 20 }, (_, i) => (i < 16 ? 200 : 429)));
    expect((await register(app, alice)).status).toBe(200);
  });

  it("is known by the /64 of its IPv6 address", async () => {
    const app = await serveRelay({ auth: "none", limits: { requestsPerMinute: 1 } });
    const statuses = [];
    for (let i = 0; i < 20; i++) statuses.push((await register(app, `2001:db8:0:1::${i + 1}`)).status);
    expect(statuses.slice(-4)).toEqual([429, 429, 429, 429]);
    expect((await register(app, "2001:db8:0:2::1")).status).toBe(200);
  });
});
