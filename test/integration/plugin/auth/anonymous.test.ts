import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { initialPacket } from "../../harness/packets.ts";
import { type Answer, call, type RelayApp, serveRelay } from "../../harness/relay-app.ts";

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
    const settled = Promise.allSettled(flood);
    const refused = await Promise.race(flood);
    expect(refused.status).toBe(429);
    await expect.poll(() => app.relay.stats().waiters).toBe(30);
    const open = poll(app, alice, clients.signal);
    await expect.poll(() => app.relay.stats().waiters).toBe(31);
    expect((await send(app, alice, "anonymous")).status).toBe(201);
    expect((await open).status).toBe(200);
    clients.abort();
    await settled;
  });

  it("has the waits of 16 subjects and no more", async () => {
    const app = await serveRelay({ auth: "none", limits: { maxWaitersPerSubject: 1 } });
    const clients = new AbortController();
    const settled = Promise.allSettled(Array.from({ length: 20 }, () => poll(app, mallory, clients.signal)));
    await expect.poll(() => app.relay.stats().refused).toEqual({ ERR_QUICPIPE_WAITER_QUOTA: 4 });
    expect(app.relay.stats().waiters).toBe(16);
    clients.abort();
    await settled;
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

  it("may ask at once no more than a subject, where that is more than one request for each that it counts as", async () => {
    const app = await serveRelay({ auth: "none", limits: { requestsPerMinute: 17 } });
    const flood = await Promise.all(Array.from({ length: 80 }, () => register(app, mallory)));
    expect(flood.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(17);
    expect(flood.map(({ status }) => status)).toContain(429);
  });

  it("registers and sends from no page of another site, which would do so at its visitor's address", async () => {
    const app = await serveRelay({ auth: "none" });
    const id = String((await register(app, alice)).body["id"]);
    const key = randomBytes(16).toString("base64");
    const changes: [string, string, object?][] = [
      ["POST", "/v1/register", { key, num: 1 }],
      ["POST", "/v1/mailbox/anonymous", { packets }],
      ["DELETE", `/v1/registrations/${id}`],
    ];
    const foreign: Record<string, string>[] = [
      { "sec-fetch-site": "cross-site" },
      { origin: "https://evil.example" },
      { origin: "null" },
    ];
    for (const page of foreign)
      for (const [method, path, body] of changes) {
        const headers = { ...from(alice), ...page };
        const { status, body: problem } = await call(method, `${app.url}${path}`, { headers, body });
        expect([status, problem.code]).toEqual([403, "ERR_QUICPIPE_ORIGIN_FORBIDDEN"]);
      }
    expect(app.relay.stats()).toMatchObject({ registrations: 1, mailbox: { queued: 0 } });
  });

  it("may use a page of the app, or no browser at all and no content type", async () => {
    const app = await serveRelay({ auth: "none" });
    const own: Record<string, string>[] = [{ "sec-fetch-site": "same-origin" }, { origin: app.url }, {}];
    for (const page of own) {
      const headers = { ...from(alice), ...page };
      const sent = await call("POST", `${app.url}/v1/mailbox/bob`, { headers, body: { packets } });
      expect(sent.status).toBe(201);
    }
  });

  it("is known by the /64 of its IPv6 address", async () => {
    const app = await serveRelay({ auth: "none", limits: { requestsPerMinute: 1 } });
    const statuses = [];
    for (let i = 0; i < 20; i++) statuses.push((await register(app, `2001:db8:0:1::${i + 1}`)).status);
    expect(statuses.slice(-4)).toEqual([429, 429, 429, 429]);
    expect((await register(app, "2001:db8:0:2::1")).status).toBe(200);
  });

  it("cannot take all registrations and connection IDs", async () => {
    const app = await serveRelay({ auth: "none", limits: { maxRegistrationsPerSubject: 1 } });
    const outcomes = [];
    for (let i = 0; i < 17; i++) outcomes.push((await register(app, mallory)).body.code);
    expect(outcomes.filter(Boolean)).toEqual(["ERR_QUICPIPE_REGISTRATION_QUOTA"]);
    expect((await register(app, alice)).status).toBe(200);

    const narrow = await serveRelay({ auth: "none", limits: { maxCidsPerSubject: 1 } });
    for (let i = 0; i < 16; i++) expect((await register(narrow, mallory)).status).toBe(200);
    expect((await register(narrow, mallory)).body.code).toBe("ERR_QUICPIPE_CID_QUOTA");
    expect((await register(narrow, alice)).status).toBe(200);
  });

  it("lists the registrations that it made itself", async () => {
    const app = await serveRelay({ auth: "none" });
    const { body } = await register(app, alice);
    await register(app, mallory);
    const list = await call("GET", `${app.url}/v1/register`, { headers: from(alice) });
    expect(list.body.registrations.map(({ id }) => id)).toEqual([body.id]);
  });

  it("refreshes a registration from another address without taking up another place", async () => {
    const app = await serveRelay({ auth: "none", limits: { maxRegistrationsPerSubject: 1 } });
    for (let i = 0; i < 15; i++) await register(app, mallory);
    const body = { key: randomBytes(16).toString("base64"), num: 1 };
    const again = (ip: string): Promise<Answer> =>
      call("POST", `${app.url}/v1/register`, { headers: from(ip), body });
    const { body: first } = await again(alice);
    for (const ip of [mallory, neighbour, alice]) expect((await again(ip)).body.id).toBe(first.id);
    expect((await register(app, mallory)).status).toBe(200);
    expect(app.relay.stats().registrations).toBe(17);
  });

  it("has no rate in common with others whose UDP addresses are not proven either", async () => {
    const app = await serveRelay({ auth: "none" });
    for (const ip of [mallory, mallory, alice]) expect((await register(app, ip)).body.address).toBeNull();
    expect(app.relay.stats().rateBuckets.open).toBe(2);
  });
});
