import { randomBytes } from "node:crypto";
import { describe, expect, it, onTestFinished } from "vitest";
import type { QuicpipeOptions } from "../../../../src/index.ts";
import type { StatsEvent } from "../../../../src/plugin/stats/events.ts";
import { routes } from "../../../../src/plugin/routes/api.ts";
import { scopes, type StatsPage } from "../../../../src/protocol.ts";
import { packetFor } from "../../harness/packets.ts";
import { call, type RelayApp, serveRelay } from "../../harness/relay-app.ts";
import { adminToken, secret, tokenFor } from "../../harness/token.ts";
import { openSocket, prove, register } from "../../harness/udp-peer.ts";
import { openDeadReader } from "./dead-reader.ts";

const auth = { secret };
const markup = `<img src=x onerror="alert('1')">&amp;\u001B[31m`;

async function serve(options: QuicpipeOptions = {}): Promise<RelayApp & { readonly token: string }> {
  return { ...(await serveRelay({ auth, ...options })), token: await adminToken() };
}

async function pageOf(app: RelayApp, token: string, query: string): Promise<StatsPage> {
  const { status, body } = await call("GET", `${app.url}/v1/stats?${query}`, { token });
  expect(status).toBe(200);
  return (body as unknown as { page: StatsPage }).page;
}

/** A page without what may differ between two looks at it. */
function lasting({ registrations, next }: StatsPage): unknown {
  return {
    next,
    registrations: registrations.map((each) => ({
      ...each,
      rate: null,
      quietMs: null,
      firstForwardedAt: null,
    })),
  };
}

function subjectsOf({ registrations }: StatsPage): string[] {
  return registrations.map(({ subject }) => subject);
}

const adminRoutes = routes.filter(({ scope }) => scope === scopes.admin);

describe("the routes for administrators", () => {
  it("are the statistics and their events", () => {
    expect(adminRoutes.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "GET /v1/stats",
      "GET /v1/events",
    ]);
  });

  it.each(adminRoutes.map(({ method, path }) => [method, path] as const))(
    "%s %s is closed without relay:admin",
    async (method, path) => {
      const app = await serve();
      const { id } = await register(app, "alice", randomBytes(32));
      const url = app.url + path.replace("{id}", id);
      const all = [scopes.register, scopes.send, scopes.receive].join(" ");
      for (const scope of [all, "", "relay:admins", "RELAY:ADMIN", "relay:admin,x"]) {
        const answer = await call(method, url, { token: await tokenFor("alice", { scope }) });
        expect([answer.status, answer.body.code]).toEqual([403, "ERR_QUICPIPE_SCOPE_MISSING"]);
      }
      const expired = await adminToken({ exp: 1 });
      for (const token of [undefined, "x.y.z", expired])
        expect((await call(method, url, { token })).status).toBe(401);
      expect(app.relay.stats().registrations).toBe(1);
    },
  );

  it("are closed to every client where there is no authentication", async () => {
    const app = await serve({ auth: "none" });
    for (const { method, path } of adminRoutes)
      expect((await call(method, app.url + path.replace("{id}", "x"))).status).toBe(403);
  });
});

describe("GET /v1/stats", () => {
  it("gives totals alone unless a limit is given", async () => {
    const app = await serve();
    await register(app, "alice", randomBytes(32));
    for (const query of ["", "?limit=0"]) {
      const { body } = await call("GET", `${app.url}/v1/stats${query}`, { token: app.token });
      const { backend, registrations, cids } = app.relay.stats();
      expect(body).toMatchObject({ backend, registrations, cids, refused: {} });
      expect(body).not.toHaveProperty("page");
    }
  });

  it("tells of traffic, drops and the first packet of each registration", async () => {
    const app = await serve();
    const [aliceKey, bobKey] = [randomBytes(32), randomBytes(32)];
    const [alice, bob] = [await openSocket(), await openSocket()];
    await prove(app, alice, await register(app, "alice", aliceKey));
    const carol = randomBytes(32);
    await register(app, "carol", carol);
    await prove(app, bob, await register(app, "bob", bobKey));
    const all = await Array.fromAsync(app.relay.registrations());
    expect(all.map(({ rate }) => rate)).toEqual([null, null, null]);
    const { address, port } = app.relay.address();
    for (const key of [bobKey, bobKey, carol, aliceKey]) alice.send(packetFor(key, "1234567"), port, address);
    await expect.poll(() => app.relay.stats().dropped["source-is-destination"]).toBe(1);
    const silent = { packetsFrom: 0, packetsTo: 0, path: "none", firstForwardedAt: null };
    const first = { firstForwardedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string };
    const page = await pageOf(app, app.token, "limit=10");
    expect(page.registrations).toMatchObject([
      {
        subject: "alice",
        address: `127.0.0.1:${alice.address().port}`,
        cids: 4,
        path: "user",
        packetsFrom: 2,
        bytesFrom: 40,
        packetsTo: 0,
        ...first,
        dropped: { "rate-limited": 0, "no-address": 0, "source-is-destination": 1 },
      },
      { subject: "carol", address: null, ...silent, dropped: { "no-address": 1 } },
      { subject: "bob", path: "user", packetsFrom: 0, packetsTo: 2, bytesTo: 40, ...first },
    ]);
    await expect
      .poll(async () => (await pageOf(app, app.token, "limit=1")).registrations[0]!.rate)
      .toMatchObject({ packetsPerSecond: expect.any(Number) as number });
    const later = await Array.fromAsync(app.relay.registrations());
    expect(lasting({ registrations: later, next: null })).toEqual(lasting(page));
    // Nothing moves any more.
    await expect
      .poll(async () => (await pageOf(app, app.token, "limit=1")).registrations[0]!.quietMs)
      .toBeGreaterThan(0);
  });

  it("gives names of markup back as they are, as JSON that no browser takes for a page", async () => {
    const app = await serve();
    await register(app, markup, randomBytes(32));
    const answer = await call("GET", `${app.url}/v1/stats?limit=1`, { token: app.token });
    expect(answer.headers.get("content-type")).toMatch(/^application\/json/);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect((answer.body as unknown as { page: StatsPage }).page.registrations[0]!.subject).toBe(markup);
    const filtered = await pageOf(app, app.token, `limit=5&filter=${encodeURIComponent(markup.slice(0, 9))}`);
    expect(subjectsOf(filtered)).toEqual([markup]);
  });

  it("goes on where a page ended, whatever came and went since", async () => {
    const app = await serve();
    const ids: string[] = [];
    for (let i = 0; i < 6; i++) ids.push((await register(app, `peer-${i}`, randomBytes(32))).id);
    const first = await pageOf(app, app.token, "limit=2");
    expect(subjectsOf(first)).toEqual(["peer-0", "peer-1"]);
    // The last one of the page, the first one of the next, and a new one at the end.
    for (const id of [ids[1]!, ids[2]!])
      await call("DELETE", `${app.url}/v1/registrations/${id}`, { token: app.token });
    await register(app, "peer-6", randomBytes(32));
    const second = await pageOf(app, app.token, `limit=2&after=${first.next}`);
    expect(subjectsOf(second)).toEqual(["peer-3", "peer-4"]);
    const third = await pageOf(app, app.token, `limit=2&after=${second.next}`);
    expect([subjectsOf(third), third.next]).toEqual([["peer-5", "peer-6"], null]);
  });

  it("filters by subject and address", async () => {
    const app = await serve();
    const socket = await openSocket();
    await prove(app, socket, await register(app, "Alice@example.com", randomBytes(32)));
    await register(app, "bob", randomBytes(32));
    const { port } = socket.address();
    for (const [filter, found] of [
      ["aLICE", ["Alice@example.com"]],
      ["b", ["bob"]],
      [`127.0.0.1:${port}`, ["Alice@example.com"]],
      ["nobody", []],
    ] as const)
      expect(subjectsOf(await pageOf(app, app.token, `limit=9&filter=${filter}`))).toEqual(found);
  });

  it("lists the busiest first, page by page", async () => {
    const app = await serve();
    const target = randomBytes(32);
    const bob = await openSocket();
    await prove(app, bob, await register(app, "target", target));
    const senders: { socket: Awaited<ReturnType<typeof openSocket>>; packets: number }[] = [];
    // One after the other, as without rates they are listed in the order of registration, which is to be another one.
    for (const [subject, packets] of [
      ["slow", 1],
      ["fast", 5],
      ["silent", 0],
    ] as const) {
      const socket = await openSocket();
      await prove(app, socket, await register(app, subject, randomBytes(32)));
      senders.push({ socket, packets });
    }
    const { address, port } = app.relay.address();
    const timer = setInterval(() => {
      for (const { socket, packets } of senders)
        for (let i = 0; i < packets; i++) socket.send(packetFor(target, "x".repeat(100)), port, address);
    }, 50);
    onTestFinished(() => clearInterval(timer));
    await expect
      .poll(async () => subjectsOf(await pageOf(app, app.token, "limit=4&order=rate")))
      .toEqual(["target", "fast", "slow", "silent"]);
    clearInterval(timer);
    const first = await pageOf(app, app.token, "limit=2&order=rate");
    const second = await pageOf(app, app.token, `limit=2&order=rate&after=${first.next}`);
    const all = [...first.registrations, ...second.registrations].map(({ rate }) => rate!.bytesPerSecond);
    expect(subjectsOf(second)).toEqual(["slow", "silent"]);
    expect(all).toEqual(all.toSorted((a, b) => b - a));
    expect(second.next).toBeNull();
  });

  it.each([
    "limit=1001",
    "limit=-1",
    "limit=x",
    "limit=1&order=name",
    "limit=1&after=x",
    "limit=1&after=1-2",
    "limit=1&order=rate&after=3",
    `limit=1&filter=${"x".repeat(257)}`,
  ])("refuses ?%s", async (query) => {
    const app = await serve();
    const { status, body } = await call("GET", `${app.url}/v1/stats?${query}`, { token: app.token });
    expect([status, body.code]).toEqual([400, "ERR_QUICPIPE_QUERY_INVALID"]);
  });
});

/** Reads the events of `/v1/events` until the test ends. */
async function* events(app: RelayApp, token: string): AsyncGenerator<StatsEvent> {
  const client = new AbortController();
  onTestFinished(() => client.abort());
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${app.url}/v1/events`, { headers, signal: client.signal });
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
  // nginx would hold events back until its buffer is full.
  expect(response.headers.get("x-accel-buffering")).toBe("no");
  const decoder = new TextDecoder();
  for await (const chunk of response.body!) {
    const [, data] = /^event: stats\ndata: (.*)\n\n$/.exec(decoder.decode(chunk))!;
    yield JSON.parse(data!) as StatsEvent;
  }
}

describe("GET /v1/events", () => {
  it("tells the totals and the rates of both paths again and again", async () => {
    const app = await serve();
    const seen: StatsEvent[] = [];
    for await (const event of events(app, app.token)) if (seen.push(event) === 3) break;
    const none = { packetsPerSecond: 0, bytesPerSecond: 0 };
    expect(seen.map(({ rates }) => rates)).toEqual([
      null,
      { kernel: none, user: none },
      { kernel: none, user: none },
    ]);
    expect(seen[2]!.totals).toMatchObject({ registrations: 0, waiters: 1 });
    const [, second, third] = seen.map(({ at }) => Date.parse(at));
    expect(third).toBeGreaterThan(second!);
    await expect.poll(() => app.relay.stats().waiters).toBe(0);
  });

  it("has no more readers than one may have waits open", async () => {
    const app = await serve({ limits: { maxWaitersPerSubject: 2 } });
    await openDeadReader(app, app.token);
    await openDeadReader(app, app.token);
    await expect.poll(() => app.relay.stats().waiters).toBe(2);
    const { status, body } = await call("GET", `${app.url}/v1/events`, { token: app.token });
    expect([status, body.code]).toEqual([429, "ERR_QUICPIPE_WAITER_QUOTA"]);
  });

  it("ends with the reader's token", async () => {
    const app = await serve();
    // It is good for 5 s more (clockToleranceSeconds), of which 2 to 3 are left.
    const exp = Math.floor(Date.now() / 1000) - 2;
    const token = await adminToken({ exp });
    let count = 0;
    for await (const _ of events(app, token)) count++;
    // One at once, and one each second.
    expect(count).toBeGreaterThan(0);
    expect(count).toBeLessThanOrEqual(4);
    expect(app.relay.stats().waiters).toBe(0);
  });
});

describe("DELETE /v1/registrations/{id}", () => {
  it("has stopped the data path once it is answered", async () => {
    const app = await serve();
    const [alice, bob] = [await openSocket(), await openSocket()];
    const bobKey = randomBytes(32);
    await prove(app, alice, await register(app, "alice", randomBytes(32)));
    const { id } = await register(app, "bob", bobKey).then(async (registered) => {
      await prove(app, bob, registered);
      return registered;
    });
    const { address, port } = app.relay.address();
    let sent = 0;
    let received = 0;
    let last = 0;
    bob.on("message", (packet) => {
      received++;
      last = Math.max(last, packet.readUInt32BE(packet.length - 4));
    });
    const packet = packetFor(bobKey, "x".repeat(1000));
    const timer = setInterval(() => {
      for (let i = 0; i < 20; i++) {
        const number = Buffer.alloc(4);
        number.writeUInt32BE(++sent);
        alice.send([packet, number], port, address);
      }
    }, 1);
    onTestFinished(() => clearInterval(timer));
    await expect.poll(() => received).toBeGreaterThan(500);

    const { status } = await call("DELETE", `${app.url}/v1/registrations/${id}`, { token: app.token });
    const sentBefore = sent;
    expect(status).toBe(204);
    const dropped = (): number => app.relay.stats().dropped["no-upstream"];
    await expect.poll(dropped).toBeGreaterThan(500);
    expect(sent).toBeGreaterThan(sentBefore);
    expect(last).toBeLessThanOrEqual(sentBefore);
    expect(app.relay.stats()).toMatchObject({ registrations: 1 });
  });

  it("answers 404 for what is not there, and counts as a change", async () => {
    const app = await serve({ limits: { requestsPerMinute: 2 } });
    const revoke = async (): Promise<unknown> =>
      (await call("DELETE", `${app.url}/v1/registrations/nothing`, { token: app.token })).body.code;
    expect([await revoke(), await revoke(), await revoke()]).toEqual([
      "ERR_QUICPIPE_REGISTRATION_NOT_FOUND",
      "ERR_QUICPIPE_REGISTRATION_NOT_FOUND",
      "ERR_QUICPIPE_RATE_LIMITED",
    ]);
  });
});
