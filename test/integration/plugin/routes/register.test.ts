import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import type { RelayHooks } from "../../../../src/index.ts";
import { type Answer, call, type RelayApp, serveRelay } from "../../harness/relay-app.ts";
import { openPeer } from "../../harness/udp-peer.ts";
import { encodeBindingRequest, parseBindingReply } from "../../../../src/wire/stun-binding.ts";
import { adminToken, secret, tokenFor } from "../../harness/token.ts";

const auth = { secret };

function register(app: RelayApp, token: string, body: unknown, headers = {}): Promise<Answer> {
  return call("POST", `${app.url}/v1/register`, { token, body, headers });
}

function newKey(): string {
  return randomBytes(32).toString("base64");
}

describe("POST /v1/register", () => {
  it("registers and answers with everything that a peer needs", async () => {
    const app = await serveRelay({ auth });
    const askedAtMs = Date.now();
    const { status, headers, body } = await register(app, await tokenFor("alice"), {
      key: newKey(),
      num: 10,
    });
    expect(status).toBe(200);
    expect(headers.get("cache-control")).toBe("no-store");
    expect(body).toEqual({
      id: expect.stringMatching(/^[\w-]{22}$/),
      address: null,
      relay: `127.0.0.1:${app.relay.address().port}`,
      bound: `127.0.0.1:${app.relay.address().port}`,
      num: 10,
      expiresAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      ttlMs: 3_600_000,
      secret: expect.stringMatching(/^[\w-]{43}$/),
    });
    expect(Date.parse(body.expiresAt) - askedAtMs).toBeGreaterThan(3_590_000);
    expect(app.relay.stats()).toMatchObject({ registrations: 1, cids: 10 });
  });

  it("names the second port of a relay that has one, which tells a peer its address", async () => {
    const app = await serveRelay({ auth, host: "127.0.0.1", stunPort: 0 });
    expect(await app.relay.listen()).toEqual(app.relay.address());
    const token = await tokenFor("alice");
    const { stunPort } = (await register(app, token, { key: newKey(), num: 1 })).body;
    const peer = await openPeer();
    const transactionId = randomBytes(12);
    peer.send(encodeBindingRequest({ transactionId }), { address: "127.0.0.1", port: stunPort! });
    expect(parseBindingReply(await peer.next(), { transactionId })).toEqual({
      kind: "success",
      address: peer.address,
    });
    expect(app.relay.stats().stunPort).toMatchObject({ answered: 1 });
    expect(app.relay.address()).toMatchObject({ stunPort });
    expect(app.relay.stats().address).toEqual(app.relay.address());
    const { registrations } = (await call("GET", `${app.url}/v1/registrations`, { token })).body;
    expect(registrations).toMatchObject([{ address: null }]);
    expect(registrations[0]).not.toHaveProperty("stunPort");
  });

  it("has no second port unless it is asked for", async () => {
    const app = await serveRelay({ auth });
    expect(app.relay.stats().stunPort).toBeNull();
    expect(app.relay.address()).not.toHaveProperty("stunPort");
  });

  it("refreshes what the same subject registered with the same key, with more or fewer connection IDs", async () => {
    const app = await serveRelay({ auth });
    const token = await tokenFor("alice");
    const key = newKey();
    const first = await register(app, token, { key, num: 10 });
    const grown = await register(app, token, { key, num: 20 });
    expect(grown.body).toMatchObject({ id: first.body.id, secret: first.body.secret, num: 20 });
    expect(app.relay.stats()).toMatchObject({ registrations: 1, cids: 20 });
    await register(app, token, { key, num: 3 });
    expect(app.relay.stats()).toMatchObject({ registrations: 1, cids: 3 });
  });

  it("refuses connection IDs that another subject holds", async () => {
    const app = await serveRelay({ auth });
    const key = newKey();
    await register(app, await tokenFor("alice"), { key, num: 10 });
    const { status, body } = await register(app, await tokenFor("mallory"), { key, num: 1 });
    expect([status, body.code]).toEqual([409, "ERR_QUICPIPE_CID_CONFLICT"]);
    expect(app.relay.stats()).toMatchObject({ registrations: 1, cids: 10 });
  });

  it("tells the configured public address", async () => {
    const app = await serveRelay({ auth, publicAddress: "relay.example.com:443" });
    const { body } = await register(app, await tokenFor("alice"), { key: newKey(), num: 1 });
    expect(body.relay).toBe("relay.example.com:443");
  });

  it("tells where its UDP socket is bound only to a request for a loopback host", async () => {
    const app = await serveRelay({ auth, publicAddress: "relay.example.com:443" });
    const headers = {
      authorization: `Bearer ${await tokenFor("alice")}`,
      "content-type": "application/json",
    };
    const boundFor = async (host: string): Promise<unknown> => {
      const body = JSON.stringify({ key: newKey(), num: 1 });
      const answer = await app.app.request(`http://${host}/v1/register`, { method: "POST", headers, body });
      return ((await answer.json()) as { bound?: string }).bound;
    };
    for (const host of ["localhost:3000", "127.0.0.1", "[::1]"])
      expect(await boundFor(host)).toBe(`127.0.0.1:${app.relay.address().port}`);
    expect(await boundFor("relay.example.com")).toBeUndefined();
  });

  it("cuts a lifetime to the maximum", async () => {
    const app = await serveRelay({ auth, limits: { maxRegistrationTtlMs: 60_000 } });
    const { body } = await register(app, await tokenFor("alice"), { key: newKey(), num: 1, ttlMs: 1e9 });
    expect(Date.parse(body.expiresAt) - Date.now()).toBeLessThanOrEqual(60_000);
  });

  it("takes a body without content type as JSON, as the first Go clients send it", async () => {
    const app = await serveRelay({ auth: "none" });
    const { status } = await call("POST", `${app.url}/v1/register`, {
      body: Buffer.from(JSON.stringify({ key: newKey(), num: 10 })),
    });
    expect(status).toBe(200);
  });

  it.each([
    ["no JSON", "{", 400, "ERR_QUICPIPE_BODY_INVALID"],
    ["an empty body", "", 400, "ERR_QUICPIPE_BODY_INVALID"],
    ["a JSON array", "[]", 400, "ERR_QUICPIPE_BODY_INVALID"],
    ["JSON null", "null", 400, "ERR_QUICPIPE_BODY_INVALID"],
    ["no UTF-8", Buffer.from([0x22, 0xff, 0x22]), 400, "ERR_QUICPIPE_BODY_INVALID"],
    ["a body of 5 KiB", JSON.stringify({ key: "x".repeat(5000) }), 413, "ERR_QUICPIPE_BODY_TOO_LARGE"],
    ["no key", { num: 1 }, 400, "ERR_QUICPIPE_KEY_INVALID"],
    ["a key that is a number", { key: 1, num: 1 }, 400, "ERR_QUICPIPE_KEY_INVALID"],
    ["an empty key", { key: "", num: 1 }, 400, "ERR_QUICPIPE_KEY_INVALID"],
    [
      "a key of 15 bytes",
      { key: randomBytes(15).toString("base64"), num: 1 },
      400,
      "ERR_QUICPIPE_KEY_INVALID",
    ],
    [
      "a key of 65 bytes",
      { key: randomBytes(65).toString("base64"), num: 1 },
      400,
      "ERR_QUICPIPE_KEY_INVALID",
    ],
    ["base64url", { key: `_-${"A".repeat(22)}`, num: 1 }, 400, "ERR_QUICPIPE_KEY_INVALID"],
    ["base64 without padding", { key: "A".repeat(22), num: 1 }, 400, "ERR_QUICPIPE_KEY_INVALID"],
    ["base64 with a space", { key: ` ${"A".repeat(24)}`, num: 1 }, 400, "ERR_QUICPIPE_KEY_INVALID"],
    ["base64 with stray bits", { key: `${"A".repeat(21)}B==`, num: 1 }, 400, "ERR_QUICPIPE_KEY_INVALID"],
    ["no num", { key: newKey() }, 400, "ERR_QUICPIPE_NUM_INVALID"],
    ["num 0", { key: newKey(), num: 0 }, 400, "ERR_QUICPIPE_NUM_INVALID"],
    ["num −1", { key: newKey(), num: -1 }, 400, "ERR_QUICPIPE_NUM_INVALID"],
    ["num 1.5", { key: newKey(), num: 1.5 }, 400, "ERR_QUICPIPE_NUM_INVALID"],
    ["num as text", { key: newKey(), num: "10" }, 400, "ERR_QUICPIPE_NUM_INVALID"],
    ["num 10⁹", { key: newKey(), num: 1e9 }, 400, "ERR_QUICPIPE_NUM_INVALID"],
    ["ttlMs 0", { key: newKey(), num: 1, ttlMs: 0 }, 400, "ERR_QUICPIPE_TTL_INVALID"],
    ["ttlMs as text", { key: newKey(), num: 1, ttlMs: "1h" }, 400, "ERR_QUICPIPE_TTL_INVALID"],
    ["ttlMs null", { key: newKey(), num: 1, ttlMs: null }, 400, "ERR_QUICPIPE_TTL_INVALID"],
  ])("refuses %s, and nothing is registered", async (_name, sent, status, code) => {
    const app = await serveRelay({ auth });
    const answer = await register(app, await tokenFor("alice"), sent);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(app.relay.stats()).toMatchObject({ registrations: 0, cids: 0, refused: { [code]: 1 } });
  });

  it("refuses a body that is too long while it still comes, without a length to go by", async () => {
    const app = await serveRelay({ auth });
    const socket = connect(Number(new URL(app.url).port), "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    const token = await tokenFor("alice");
    socket.write(
      `POST /v1/register HTTP/1.1\r\nhost: relay\r\nauthorization: Bearer ${token}\r\ntransfer-encoding: chunked\r\n\r\n`,
    );
    const endless = setInterval(() => socket.write(`400\r\n${" ".repeat(1024)}\r\n`), 1);
    onTestFinished(() => clearInterval(endless));
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 413 /);
    expect(app.relay.stats().registrations).toBe(0);
  });

  it.each(["text/plain", "application/octet-stream", "application/x-www-form-urlencoded"])(
    "refuses the content type %s",
    async (contentType) => {
      const app = await serveRelay({ auth });
      const body = JSON.stringify({ key: newKey(), num: 1 });
      const answer = await register(app, await tokenFor("alice"), body, { "content-type": contentType });
      expect([answer.status, answer.body.code]).toEqual([415, "ERR_QUICPIPE_CONTENT_TYPE_UNSUPPORTED"]);
      expect(app.relay.stats().registrations).toBe(0);
    },
  );

  it("refuses early data, which may be a replay", async () => {
    const app = await serveRelay({ auth });
    const token = await tokenFor("alice");
    const answer = await register(app, token, { key: newKey(), num: 1 }, { "early-data": "1" });
    expect([answer.status, answer.body.code]).toEqual([425, "ERR_QUICPIPE_EARLY_DATA"]);
    expect(app.relay.stats().registrations).toBe(0);
    const list = await call("GET", `${app.url}/v1/register`, { token, headers: { "early-data": "1" } });
    expect(list.status).toBe(200);
  });

  it("keeps what is there when a quota or the table is full", async () => {
    const app = await serveRelay({
      auth,
      limits: {
        maxRegistrationsPerSubject: 2,
        maxCidsPerSubject: 15,
        maxCids: 20,
        maxCidsPerRegistration: 12,
      },
    });
    const alice = await tokenFor("alice");
    const outcomes = [];
    for (const num of [10, 6, 5, 1]) {
      const { status, body, headers } = await register(app, alice, { key: newKey(), num });
      outcomes.push([status, body.code, headers.get("retry-after")]);
    }
    expect(outcomes).toEqual([
      [200, undefined, null],
      [429, "ERR_QUICPIPE_CID_QUOTA", "5"],
      [200, undefined, null],
      [429, "ERR_QUICPIPE_REGISTRATION_QUOTA", "5"],
    ]);
    const full = await register(app, await tokenFor("bob"), { key: newKey(), num: 6 });
    expect([full.status, full.body.code]).toEqual([503, "ERR_QUICPIPE_TABLE_FULL"]);
    expect(full.headers.get("retry-after")).toBe("5");
    expect(app.relay.stats()).toMatchObject({ registrations: 2, cids: 15 });
  });

  it("narrows the limits by the token's claim", async () => {
    const app = await serveRelay({ auth });
    const token = await tokenFor("alice", {
      quicpipe: { maxCids: 5, maxRegistrations: 1, maxTtlMs: 20_000 },
    });
    const tooMany = await register(app, token, { key: newKey(), num: 6 });
    expect(tooMany.body.code).toBe("ERR_QUICPIPE_CID_QUOTA");
    const { body } = await register(app, token, { key: newKey(), num: 5 });
    expect(Date.parse(body.expiresAt) - Date.now()).toBeLessThanOrEqual(20_000);
    const second = await register(app, token, { key: newKey(), num: 1 });
    expect(second.body.code).toBe("ERR_QUICPIPE_REGISTRATION_QUOTA");
  });

  it("limits how often a subject may change something, and says when to come again", async () => {
    const app = await serveRelay({ auth, limits: { requestsPerMinute: 3 } });
    const token = await tokenFor("alice");
    for (let i = 0; i < 3; i++)
      expect((await register(app, token, { key: newKey(), num: 1 })).status).toBe(200);
    const answer = await register(app, token, { key: newKey(), num: 1 });
    expect([answer.status, answer.body.code]).toEqual([429, "ERR_QUICPIPE_RATE_LIMITED"]);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(app.relay.stats().registrations).toBe(3);
    expect((await call("GET", `${app.url}/v1/register`, { token })).status).toBe(200);
    expect((await register(app, await tokenFor("bob"), { key: newKey(), num: 1 })).status).toBe(200);
  });

  it("counts a registration as one request for each 32 connection IDs, new or not", async () => {
    const app = await serveRelay({ auth, limits: { requestsPerMinute: 17 } });
    const token = await tokenFor("alice");
    const key = newKey();
    for (const num of [256, 255, 32]) expect((await register(app, token, { key, num })).status).toBe(200);
    const answer = await register(app, token, { key, num: 32 });
    expect([answer.status, answer.body.code]).toEqual([429, "ERR_QUICPIPE_RATE_LIMITED"]);
    expect(app.relay.stats().cids).toBe(32);
  });
});

describe("GET and DELETE /v1/register", () => {
  it("lists the caller's own registrations without secrets, and ends one", async () => {
    const app = await serveRelay({ auth });
    const alice = await tokenFor("alice");
    const bob = await tokenFor("bob");
    const first = await register(app, alice, { key: newKey(), num: 10 });
    const second = await register(app, alice, { key: newKey(), num: 5 });
    await register(app, bob, { key: newKey(), num: 1 });
    const { secret: _secret, bound: _bound, ...shown } = first.body;
    const list = await call("GET", `${app.url}/v1/register`, { token: alice });
    expect(list.body.registrations).toHaveLength(2);
    expect(list.body.registrations[0]).toEqual(shown);

    const foreign = await call("DELETE", `${app.url}/v1/register/${second.body.id}`, { token: bob });
    expect([foreign.status, foreign.body.code]).toEqual([404, "ERR_QUICPIPE_REGISTRATION_NOT_FOUND"]);
    const ended = await call("DELETE", `${app.url}/v1/register/${second.body.id}`, { token: alice });
    expect([ended.status, ended.text]).toEqual([204, ""]);
    expect(app.relay.stats()).toMatchObject({ registrations: 2, cids: 11 });
    const again = await call("DELETE", `${app.url}/v1/register/${second.body.id}`, { token: alice });
    expect(again.status).toBe(404);
  });

  it("lets the scope relay:admin end any subject's", async () => {
    const app = await serveRelay({ auth });
    for (const scope of ["relay:admin", "relay:register relay:admin"]) {
      const { body } = await register(app, await tokenFor("alice"), { key: newKey(), num: 1 });
      const root = await tokenFor("root", { scope });
      expect((await call("DELETE", `${app.url}/v1/registrations/${body.id}`, { token: root })).status).toBe(
        204,
      );
      expect(app.relay.stats().registrations).toBe(0);
    }
  });

  it("tells an administrator's end of a registration of its own from that of another's", async () => {
    const ends: unknown[] = [];
    const onEnd: RelayHooks["onEnd"] = ({ subject }, reason) => void ends.push([subject, reason]);
    const app = await serveRelay({ auth, hooks: { onEnd } });
    const root = await tokenFor("root", { scope: "relay:register relay:admin" });
    for (const folder of ["/v1/registrations", "/relay/registrations"])
      for (const owner of [root, await tokenFor("alice")]) {
        const { body } = await register(app, owner, { key: newKey(), num: 1 });
        const headers = { "sec-fetch-site": "same-origin" };
        const { status } = await call("DELETE", `${app.url}${folder}/${body.id}`, { token: root, headers });
        expect(status).toBe(204);
      }
    expect(ends).toEqual([
      ["root", "ended"],
      ["alice", "revoked"],
      ["root", "ended"],
      ["alice", "revoked"],
    ]);
  });

  it("lets the scope relay:admin end nothing that is not there, and register nothing", async () => {
    const app = await serveRelay({ auth });
    const root = await adminToken();
    expect((await call("DELETE", `${app.url}/v1/registrations/nothing`, { token: root })).status).toBe(404);
    const refused = await register(app, root, { key: newKey(), num: 1 });
    expect([refused.status, refused.body.code]).toEqual([403, "ERR_QUICPIPE_SCOPE_MISSING"]);
  });
});
