import { createHmac, randomBytes } from "node:crypto";
import { once } from "node:events";
import { decodeJwt, decodeProtectedHeader, SignJWT, UnsecuredJWT } from "jose";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { QuicpipeOptions } from "../../../src/index.ts";
import { routes } from "../../../src/plugin/routes/api.ts";
import type { RegisterRequest } from "../../../src/protocol.ts";
import { initialPacket, packetFor } from "../harness/packets.ts";
import { type Answer, call, type RelayApp, serveRelay } from "../harness/relay-app.ts";
import { secret, tokenFor } from "../harness/token.ts";
import { openSocket, prove } from "../harness/udp-peer.ts";

const typ = "quicpipe-invitation+jwt";

function serve(options: QuicpipeOptions = {}): Promise<RelayApp> {
  return serveRelay({ auth: { secret }, ...options });
}

/** Asks for an invitation as bob, unless `by` says otherwise. */
async function invite(app: RelayApp, body: object = {}, by = "bob", claims = {}): Promise<Answer> {
  return await call("POST", `${app.url}/v1/invitations`, { token: await tokenFor(by, claims), body });
}

/** The token of a new invitation of bob's. */
async function guest(app: RelayApp, body: object = {}): Promise<string> {
  return (await invite(app, body)).body.token;
}

function wanted(num = 1, key: Uint8Array = randomBytes(32)): RegisterRequest {
  return { key: Buffer.from(key).toString("base64"), num };
}

function register(app: RelayApp, token: string, body: RegisterRequest = wanted()): Promise<Answer> {
  return call("POST", `${app.url}/v1/register`, { token, body });
}

function send(app: RelayApp, token: string, to = "bob", more: object = {}): Promise<Answer> {
  const packets = [initialPacket(randomBytes(8)).toString("base64")];
  return call("POST", `${app.url}/v1/mailbox/${to}`, { token, body: { packets, ...more } });
}

/** Sends and registers, as a peer does. */
function dial(app: RelayApp, token: string): Promise<Answer> {
  return send(app, token, "bob", { register: wanted() });
}

async function take(app: RelayApp, id: string): Promise<Answer> {
  const body = { register: wanted() };
  return await call("POST", `${app.url}/v1/messages/${id}/take`, { token: await tokenFor("bob"), body });
}

async function waiting(app: RelayApp): Promise<{ id: string; sender: string }[]> {
  return (await call("GET", `${app.url}/v1/messages`, { token: await tokenFor("bob") })).body.messages;
}

async function revoke(app: RelayApp, id: string, by = "bob"): Promise<Answer> {
  return await call("DELETE", `${app.url}/v1/invitations/${id}`, { token: await tokenFor(by) });
}

async function list(app: RelayApp, by = "bob"): Promise<Answer["body"]["invitations"]> {
  return (await call("GET", `${app.url}/v1/invitations`, { token: await tokenFor(by) })).body.invitations;
}

/** A part of a JWT. */
function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

const outcome = ({ status, body }: Answer): unknown[] => [status, body.code];
const missing = [403, "ERR_QUICPIPE_SCOPE_MISSING"];
const usedUp = [403, "ERR_QUICPIPE_INVITATION_USED"];
const ended = [401, "ERR_QUICPIPE_INVITATION_ENDED"];
const invalid = [401, "ERR_QUICPIPE_TOKEN_INVALID"];

/** Lets the clocks go on by so many ms. */
function wait(ms: number): void {
  vi.advanceTimersByTime(ms);
}

function fakeClock(): void {
  vi.useFakeTimers({ toFake: ["Date", "performance", "setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
}

describe("an invitation", () => {
  it("is for one connection with its inviter, within ten minutes, unless it is asked for more", async () => {
    const app = await serve();
    const { status, body } = await invite(app);
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.stringMatching(/^[\w-]{16}$/),
      sender: `bob/invite/${body.id}`,
      recipient: "bob",
      connections: 1,
      used: 0,
      expiresAt: expect.any(String),
      token: expect.any(String),
      relay: `127.0.0.1:${app.relay.address().port}`,
    });
    const lifeMs = Date.parse(body.expiresAt) - Date.now();
    expect(lifeMs > 590_000 && lifeMs <= 601_000).toBe(true);
    expect(decodeProtectedHeader(body.token)).toEqual({ alg: "HS256", typ });
    expect(decodeJwt(body.token)).toEqual({ jti: body.id, exp: expect.any(Number) });
    const more = await invite(app, { recipient: "carol", connections: 16, ttlMs: 1e12 });
    expect(more.body).toMatchObject({ recipient: "carol", connections: 16 });
    expect(Date.parse(more.body.expiresAt) - Date.now() <= 86_401_000).toBe(true);
  });

  it.each([
    [{ connections: 0 }, "ERR_QUICPIPE_CONNECTIONS_INVALID"],
    [{ connections: 17 }, "ERR_QUICPIPE_CONNECTIONS_INVALID"],
    [{ connections: "1" }, "ERR_QUICPIPE_CONNECTIONS_INVALID"],
    [{ ttlMs: 9999 }, "ERR_QUICPIPE_TTL_INVALID"],
    [{ recipient: ".." }, "ERR_QUICPIPE_RECIPIENT_INVALID"],
    [{ recipient: 5 }, "ERR_QUICPIPE_RECIPIENT_INVALID"],
  ])("is refused for %j", async (body, code) => {
    expect(outcome(await invite(await serve(), body))).toEqual([400, code]);
  });

  it("needs the scope relay:invite, and for another recipient what a message to it needs", async () => {
    const app = await serve();
    expect(outcome(await invite(app, {}, "bob", { scope: "relay:register mailbox:send" }))).toEqual(missing);
    const carol = { recipient: "carol" };
    expect(outcome(await invite(app, carol, "bob", { scope: "relay:invite" }))).toEqual(missing);
    const bounded = { quicpipe: { peers: ["dave"] } };
    expect(outcome(await invite(app, carol, "bob", bounded))).toEqual([
      403,
      "ERR_QUICPIPE_RECIPIENT_FORBIDDEN",
    ]);
    expect((await invite(app, {}, "bob", bounded)).status).toBe(201);
  });

  it("leads a message, from a name of its own, to the inviter, who sees that it was used", async () => {
    const app = await serve();
    const { token, sender, id } = (await invite(app)).body;
    const sent = await dial(app, token);
    expect(sent.status).toBe(201);
    expect(await waiting(app)).toMatchObject([{ id: sent.body.id, sender }]);
    expect((await take(app, sent.body.id)).body).toMatchObject({ sender });
    expect(await list(app)).toEqual([
      { id, sender, recipient: "bob", connections: 1, used: 1, expiresAt: expect.any(String) },
    ]);
    expect(app.relay.stats().invitations).toEqual({ open: 1, made: 1, used: 1, revoked: 0 });
  });

  it("carries packets as any registration does, until it is revoked, which ends it at once", async () => {
    const app = await serve();
    const { token, id } = (await invite(app)).body;
    const [guestKey, bobKey] = [randomBytes(32), randomBytes(32)];
    const [near, far] = [await openSocket(), await openSocket()];
    await prove(app, near, (await register(app, token, wanted(1, guestKey))).body);
    await prove(app, far, (await register(app, await tokenFor("bob"), wanted(1, bobKey))).body);
    const { address, port } = app.relay.address();
    near.send(packetFor(bobKey, "to bob"), port, address);
    const [datagram] = (await once(far, "message")) as [Buffer];
    expect(datagram.subarray(13).toString()).toBe("to bob");
    expect((await revoke(app, id)).status).toBe(204);
    near.send(packetFor(bobKey, "lost"), port, address);
    await expect.poll(() => app.relay.stats().dropped["source-unregistered"]).toBe(1);
    expect(app.relay.stats()).toMatchObject({ registrations: 1, invitations: { open: 0, revoked: 1 } });
    expect(outcome(await register(app, token))).toEqual(ended);
  });

  it("survives its time for the connections that it has made, and for no others", async () => {
    fakeClock();
    const app = await serve();
    const token = await guest(app, { ttlMs: 60_000, connections: 2 });
    const own = wanted();
    const first = await register(app, token, own);
    wait(61_000);
    expect((await register(app, token, own)).body.id).toBe(first.body.id);
    expect(outcome(await register(app, token))).toEqual([401, "ERR_QUICPIPE_TOKEN_EXPIRED"]);
    expect(outcome(await send(app, token))).toEqual([401, "ERR_QUICPIPE_TOKEN_EXPIRED"]);
    const path = `${app.url}/v1/registrations/${first.body.id}`;
    expect((await call("DELETE", path, { token })).status).toBe(204);
    expect(outcome(await register(app, token, own))).toEqual([401, "ERR_QUICPIPE_TOKEN_EXPIRED"]);
    expect(app.relay.stats().invitations.open).toBe(0);
  });

  it("is forgotten when its time is over and nothing is left of it, with its messages", async () => {
    fakeClock();
    const app = await serve();
    const token = await guest(app, { ttlMs: 10_000 });
    await send(app, token, "bob", { ttlMs: 60_000 });
    expect(await waiting(app)).toHaveLength(1);
    wait(12_000);
    expect(app.relay.stats().invitations.open).toBe(0);
    expect(await waiting(app)).toEqual([]);
    expect(outcome(await send(app, token))).toEqual([401, "ERR_QUICPIPE_TOKEN_EXPIRED"]);
  });

  it("can be switched off", async () => {
    const app = await serve({ invitations: false });
    const token = await guest(await serve());
    const nothing = [404, "ERR_QUICPIPE_NOT_FOUND"];
    expect(outcome(await invite(app))).toEqual(nothing);
    expect(outcome(await revoke(app, "x"))).toEqual(nothing);
    expect(outcome(await register(app, token))).toEqual(invalid);
  });

  it('is made for clients of a relay with auth: "none" as well', async () => {
    const app = await serve({ auth: "none" });
    const made = await call("POST", `${app.url}/v1/invitations`, { body: {} });
    expect(made.body).toMatchObject({ recipient: "anonymous", sender: `anonymous/invite/${made.body.id}` });
    expect((await send(app, made.body.token, "anonymous", { register: wanted() })).status).toBe(201);
    expect((await revoke(app, made.body.id)).status).toBe(204);
    expect(app.relay.stats()).toMatchObject({ registrations: 0, mailbox: { queued: 0 } });
  });
});

describe("whoever holds an invitation", () => {
  it("is refused on every route but those to register, to send and to look after both", async () => {
    const app = await serve({ console: {} });
    const token = await guest(app);
    const open = routes.filter(({ scope }) => scope === null).map(({ path }) => path);
    const allowed = routes.filter(({ scope }) => scope === "relay:register" || scope === "mailbox:send");
    expect(open).toEqual(["/v1/openapi.json"]);
    expect(allowed.length).toBeGreaterThan(5);
    const others = routes.filter((route) => route.scope !== null && !allowed.includes(route));
    expect(others.length).toBeGreaterThan(8);
    for (const { method, path } of others) {
      const answer = await call(method, app.url + path.replaceAll(/\{\w+\}/g, "x"), { token });
      expect([method, path, ...outcome(answer)]).toEqual([method, path, ...missing]);
    }
    const cookie = await fetch(`${app.url}/relay/sign-in`, {
      method: "POST",
      body: new URLSearchParams({ token }),
      headers: { origin: app.url, "sec-fetch-site": "same-origin" },
      redirect: "manual",
    });
    expect(cookie.headers.get("set-cookie")).toBeNull();
  });

  it("sends to its recipient alone, whatever others may", async () => {
    const app = await serve();
    const token = await guest(app);
    for (const name of ["alice", "Bob", "bob%2F", "bob%00", "%62ob%20"])
      expect(outcome(await send(app, token, name))).toEqual([403, "ERR_QUICPIPE_RECIPIENT_FORBIDDEN"]);
    expect((await send(app, token, "%62ob")).status).toBe(201);
  });

  it("sees and ends no registration, message or invitation of its inviter, or of another guest", async () => {
    const app = await serve();
    const [token, other] = [await guest(app), await guest(app)];
    const bobs = await register(app, await tokenFor("bob"));
    const others = await dial(app, other);
    const listed = await call("GET", `${app.url}/v1/registrations`, { token });
    expect(listed.body.registrations).toEqual([]);
    for (const id of [bobs.body.id, others.body.registration!.id])
      for (const path of ["registrations", "register"])
        expect((await call("DELETE", `${app.url}/v1/${path}/${id}`, { token })).status).toBe(404);
    for (const method of ["GET", "DELETE"])
      expect((await call(method, `${app.url}/v1/messages/${others.body.id}`, { token })).status).toBe(404);
    const key = wanted();
    await register(app, await tokenFor("bob"), key);
    expect(outcome(await register(app, token, key))).toEqual([409, "ERR_QUICPIPE_CID_CONFLICT"]);
  });

  it("has used it up with a message that was taken: no replay registers, sends or is taken", async () => {
    const app = await serve();
    const token = await guest(app);
    const own = wanted();
    const sent = await send(app, token, "bob", { register: own });
    expect((await take(app, sent.body.id)).status).toBe(200);
    expect(outcome(await dial(app, token))).toEqual(usedUp);
    expect(outcome(await register(app, token))).toEqual(usedUp);
    expect(outcome(await send(app, token))).toEqual(usedUp);
    // The connection that it has made goes on.
    expect((await register(app, token, { ...own, num: 2 })).body.num).toBe(2);
  });

  it("has one registration and one message at a time for each connection, of which the latest count", async () => {
    const app = await serve();
    const token = await guest(app, { connections: 2 });
    for (let tries = 0; tries < 5; tries++) expect((await dial(app, token)).status).toBe(201);
    expect(app.relay.stats()).toMatchObject({ registrations: 2, mailbox: { queued: 2 } });
    const [first, second] = await waiting(app);
    await take(app, first!.id);
    await take(app, second!.id);
    expect(outcome(await dial(app, token))).toEqual(usedUp);
    // Those of the guest and those of bob's takes.
    expect(app.relay.stats()).toMatchObject({ registrations: 4, invitations: { used: 2 } });
  });

  it("gets no more by requests at the same time", async () => {
    const app = await serve();
    const token = await guest(app);
    await Promise.all(Array.from({ length: 20 }, () => dial(app, token)));
    expect(app.relay.stats().registrations <= 1).toBe(true);
    const messages = await waiting(app);
    expect(messages.length <= 1).toBe(true);
    await Promise.all(Array.from({ length: 20 }, () => dial(app, token)));
    const taken = await Promise.all((await waiting(app)).map(({ id }) => take(app, id)));
    expect(taken.filter(({ status }) => status === 200).length <= 1).toBe(true);
  });

  it("spends its inviter's registrations, connection IDs and requests, and has requests of its own", async () => {
    const limits = { maxRegistrationsPerSubject: 2, maxCidsPerSubject: 40, requestsPerMinute: 100 };
    const app = await serve({ limits });
    const token = await guest(app, { connections: 3 });
    expect(outcome(await register(app, token, wanted(41)))).toEqual([429, "ERR_QUICPIPE_CID_QUOTA"]);
    await register(app, await tokenFor("bob"));
    await register(app, token);
    expect(outcome(await register(app, token))).toEqual([429, "ERR_QUICPIPE_REGISTRATION_QUOTA"]);
    let answer = await register(app, token);
    for (let asked = 0; answer.status === 429 && asked < 100; asked++) {
      if (answer.body.code === "ERR_QUICPIPE_RATE_LIMITED") break;
      answer = await register(app, token);
    }
    expect(answer.body.detail).toContain("more than 60 requests per minute");
    expect((await invite(app)).status).toBe(201);
    let bobs = await invite(app);
    for (let asked = 0; bobs.status === 201 && asked < 100; asked++) bobs = await invite(app);
    expect(outcome(bobs)).toEqual([429, "ERR_QUICPIPE_RATE_LIMITED"]);
  });
});

describe("the limits on invitations", () => {
  it("bound those of an inviter and those of all, and count what they refuse", async () => {
    const app = await serve({ limits: { maxInvitationsPerSubject: 2, maxInvitations: 4 } });
    const full = [429, "ERR_QUICPIPE_INVITATION_QUOTA"];
    const first = await invite(app);
    expect((await invite(app)).status).toBe(201);
    expect(outcome(await invite(app))).toEqual(full);
    expect((await invite(app, {}, "alice")).status).toBe(201);
    // The last quarter is for those who have none.
    expect(outcome(await invite(app, {}, "alice"))).toEqual(full);
    expect((await invite(app, {}, "carol")).status).toBe(201);
    expect(outcome(await invite(app, {}, "dave"))).toEqual(full);
    await revoke(app, first.body.id);
    expect((await invite(app, {}, "dave")).status).toBe(201);
    expect(app.relay.stats()).toMatchObject({
      invitations: { open: 4, made: 5, revoked: 1 },
      refused: { ERR_QUICPIPE_INVITATION_QUOTA: 3 },
    });
  });

  it("leave an inviter no name that is too long for a guest's", async () => {
    const app = await serve();
    expect((await invite(app, {}, "x".repeat(232))).status).toBe(201);
    expect(outcome(await invite(app, {}, "x".repeat(233)))).toEqual([400, "ERR_QUICPIPE_RECIPIENT_INVALID"]);
  });
});

describe("revoking an invitation", () => {
  it("is for its inviter, and takes back what waits", async () => {
    const app = await serve();
    const { id, token } = (await invite(app)).body;
    const sent = await dial(app, token);
    const unknown = [404, "ERR_QUICPIPE_INVITATION_NOT_FOUND"];
    expect(outcome(await revoke(app, id, "alice"))).toEqual(unknown);
    expect(await list(app, "alice")).toEqual([]);
    expect((await revoke(app, id)).status).toBe(204);
    expect(outcome(await revoke(app, id))).toEqual(unknown);
    expect(app.relay.stats()).toMatchObject({ registrations: 0, mailbox: { queued: 0, recalled: 1 } });
    expect((await take(app, sent.body.id)).status).toBe(404);
    for (const attempt of [dial(app, token), send(app, token), register(app, token)])
      expect(outcome(await attempt)).toEqual(ended);
  });
});

describe("a token that pretends to be an invitation's, or not to be one", () => {
  const claims = { jti: "x", sub: "bob", scope: "relay:register mailbox:send relay:admin", exp: 9e9 };
  const sign = (alg: string, type: string | undefined, key: Uint8Array, more = {}): Promise<string> =>
    new SignJWT({ ...claims, ...more })
      .setProtectedHeader({ alg, ...(type !== undefined && { typ: type }) })
      .sign(key);

  it("is refused if another relay made it, or this one before a restart", async () => {
    const app = await serve();
    expect(outcome(await register(app, await guest(await serve())))).toEqual(invalid);
  });

  it("is refused if the issuer's key, or no key, signed it, and never checked as an ordinary one", async () => {
    const app = await serve();
    const { id } = (await invite(app)).body;
    const key = Buffer.from(secret);
    for (const type of [typ, typ.toUpperCase(), `application/${typ}`])
      for (const alg of ["HS256", "HS512"])
        expect(outcome(await register(app, await sign(alg, type, key, { jti: id })))).toEqual(invalid);
    for (const alg of ["none", "None", ""])
      for (const signature of ["", "AAAA"])
        expect(
          outcome(await register(app, `${part({ alg, typ })}.${part({ ...claims, jti: id })}.${signature}`)),
        ).toEqual(invalid);
    const unsigned = new UnsecuredJWT({ ...claims }).encode();
    expect((await register(app, unsigned)).status).toBe(401);
  });

  it("is refused if it is an invitation's in another header or with other claims", async () => {
    const app = await serve();
    const [header, payload, signature] = (await guest(app)).split(".") as [string, string, string];
    const plain = part({ alg: "HS256", typ: "JWT" });
    const twice = Buffer.from(`{"alg":"HS256","typ":"${typ}","typ":"JWT"}`).toString("base64url");
    for (const token of [
      `${plain}.${payload}.${signature}`,
      `${twice}.${payload}.${signature}`,
      `${header}.${part(claims)}.${signature}`,
      `${header}.${payload}.`,
      `${header}.${payload}`,
      // Signed with the text of the header as key, as a verifier that confuses keys would have it.
      `${header}.${payload}.${createHmac("sha256", header).update(`${header}.${payload}`).digest("base64url")}`,
    ])
      expect([token, (await register(app, token)).status]).toEqual([token, 401]);
    expect((await register(app, `${header}.${payload}.${signature}`)).status).toBe(200);
  });

  it("is not handed to an app's own function where it is an invitation's", async () => {
    const auth = vi.fn(() => ({
      subject: "bob",
      scopes: ["relay:invite" as const, "mailbox:receive" as const],
    }));
    const app = await serve({ auth });
    const { token } = (await call("POST", `${app.url}/v1/invitations`, { token: "bobs", body: {} })).body;
    expect(auth).toHaveBeenCalledTimes(1);
    expect((await dial(app, token)).status).toBe(201);
    expect(outcome(await register(app, `${token}x`))).toEqual(invalid);
    expect(auth).toHaveBeenCalledTimes(1);
  });
});
