import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { QuicpipeOptions } from "../../../../src/index.ts";
import type { RegisterRequest } from "../../../../src/protocol.ts";
import { initialPacket } from "../../harness/packets.ts";
import { type Answer, call, type RelayApp, serveRelay } from "../../harness/relay-app.ts";
import { secret, tokenFor } from "../../harness/token.ts";

const packets = [initialPacket().toString("base64")];

function serve(options: QuicpipeOptions = {}): Promise<RelayApp> {
  return serveRelay({ auth: { secret }, ...options });
}

function wanted(num = 1): RegisterRequest {
  return { key: randomBytes(32).toString("base64"), num };
}

interface Asked {
  readonly by?: string;
  readonly to?: string;
  readonly scope?: string;
  readonly [member: string]: unknown;
}

/** Sends a message: alice to bob unless it says otherwise. */
async function send(app: RelayApp, { by = "alice", to = "bob", scope, ...body }: Asked): Promise<Answer> {
  const token = await tokenFor(by, scope === undefined ? {} : { scope });
  return await call("POST", `${app.url}/v1/mailbox/${to}`, { token, body: { packets, ...body } });
}

/** Takes a message as bob. */
async function take(app: RelayApp, id: string, { scope, ...body }: Asked): Promise<Answer> {
  const token = await tokenFor("bob", scope === undefined ? {} : { scope });
  return await call("POST", `${app.url}/v1/messages/${id}/take`, { token, body });
}

/** Leaves a message for bob. Returns its ID. */
async function leave(app: RelayApp): Promise<string> {
  return (await send(app, {})).body.id;
}

async function registerAlone(app: RelayApp, by: string, body: RegisterRequest): Promise<Answer> {
  return await call("POST", `${app.url}/v1/register`, { token: await tokenFor(by), body });
}

const outcome = ({ status, body }: Answer): unknown[] => [status, body.code];

/** What waits at the relay, and what is registered there. */
function held({ relay }: RelayApp): { queued: number; registrations: number; cids: number } {
  const { mailbox, registrations, cids } = relay.stats();
  return { queued: mailbox.queued, registrations, cids };
}

describe("a message with a registration", () => {
  it("is from that registration, which the answer has as that to POST /v1/register does", async () => {
    const app = await serve();
    const register = wanted(32);
    const sent = await send(app, { register });
    expect(sent.status).toBe(201);
    expect(sent.body).toEqual({
      id: expect.stringMatching(/^[\w-]{22}$/),
      recipient: "bob",
      state: "queued",
      createdAt: expect.any(String),
      expiresAt: expect.any(String),
      registration: {
        id: expect.stringMatching(/^[\w-]{22}$/),
        address: null,
        relay: `127.0.0.1:${app.relay.address().port}`,
        bound: `127.0.0.1:${app.relay.address().port}`,
        num: 32,
        expiresAt: expect.any(String),
        ttlMs: 3_600_000,
        secret: expect.stringMatching(/^[\w-]{43}$/),
      },
    });
    expect(held(app)).toEqual({ queued: 1, registrations: 1, cids: 32 });
    const location = app.url + sent.headers.get("location");
    const seen = await call("GET", location, { token: await tokenFor("alice") });
    expect(seen.body).not.toHaveProperty("registration");
  });

  it("needs both scopes, and leaves nothing without either", async () => {
    const app = await serve();
    for (const scope of ["mailbox:send", "relay:register"]) {
      const answer = await send(app, { register: wanted(), scope });
      expect(outcome(answer)).toEqual([403, "ERR_QUICPIPE_SCOPE_MISSING"]);
      const missing = scope === "mailbox:send" ? "relay:register" : "mailbox:send";
      expect(answer.headers.get("www-authenticate")).toContain(`scope="${missing}"`);
    }
    expect(held(app)).toEqual({ queued: 0, registrations: 0, cids: 0 });
    expect((await send(app, { scope: "mailbox:send" })).status).toBe(201);
  });

  it.each([
    ["no object", 5, "ERR_QUICPIPE_KEY_INVALID"],
    ["null", null, "ERR_QUICPIPE_KEY_INVALID"],
    ["without key", { num: 1 }, "ERR_QUICPIPE_KEY_INVALID"],
    ["with num 0", wanted(0), "ERR_QUICPIPE_NUM_INVALID"],
    ["with ttlMs 0", { ...wanted(), ttlMs: 0 }, "ERR_QUICPIPE_TTL_INVALID"],
  ])("is not sent where the registration is %s", async (_name, register, code) => {
    const app = await serve();
    expect(outcome(await send(app, { register }))).toEqual([400, code]);
    expect(held(app)).toEqual({ queued: 0, registrations: 0, cids: 0 });
  });

  it("is not sent where the registration is refused: for a quota, a full table, another's key", async () => {
    const app = await serve({ limits: { maxRegistrationsPerSubject: 1, maxRegistrations: 2 } });
    const { key } = wanted();
    await registerAlone(app, "eve", { key, num: 1 });
    expect(outcome(await send(app, { register: { key, num: 1 } }))).toEqual([
      409,
      "ERR_QUICPIPE_CID_CONFLICT",
    ]);
    expect(outcome(await send(app, { by: "eve", register: wanted() }))).toEqual([
      429,
      "ERR_QUICPIPE_REGISTRATION_QUOTA",
    ]);
    await registerAlone(app, "carol", wanted());
    const full = await send(app, { register: wanted() });
    expect(outcome(full)).toEqual([503, "ERR_QUICPIPE_TABLE_FULL"]);
    expect(full.headers.get("retry-after")).toBe("5");
    expect(held(app)).toEqual({ queued: 0, registrations: 2, cids: 2 });
  });

  it("registers nothing where the message is refused", async () => {
    const ends: unknown[] = [];
    const hooks = { onEnd: (_registration: unknown, reason: string) => void ends.push(reason) };
    const app = await serve({ hooks, limits: { maxMessagesPerRecipient: 1 } });
    await send(app, { by: "eve" });
    expect(outcome(await send(app, { register: wanted() }))).toEqual([429, "ERR_QUICPIPE_MAILBOX_FULL"]);
    expect(ends).toEqual(["ended"]);
    // These are refused before anything is registered.
    const long = "x".repeat(257);
    expect(outcome(await send(app, { to: long, register: wanted() }))).toEqual([
      400,
      "ERR_QUICPIPE_RECIPIENT_INVALID",
    ]);
    expect(outcome(await send(app, { packets: [], register: wanted() }))).toEqual([
      400,
      "ERR_QUICPIPE_PACKETS_INVALID",
    ]);
    expect(ends).toEqual(["ended"]);
    expect(held(app)).toEqual({ queued: 1, registrations: 0, cids: 0 });
  });

  it("leaves refreshed what was registered before, also where the message is refused", async () => {
    const app = await serve({ limits: { maxMessagesPerRecipient: 1 } });
    const { key } = wanted();
    const first = await registerAlone(app, "alice", { key, num: 8, ttlMs: 10_000 });
    const sent = await send(app, { register: { key, num: 16 } });
    expect(sent.body.registration).toMatchObject({ id: first.body.id, secret: first.body.secret, num: 16 });
    const another = [initialPacket(randomBytes(8)).toString("base64")];
    const refused = await send(app, { packets: another, register: { key, num: 4, ttlMs: 600_000 } });
    expect(outcome(refused)).toEqual([429, "ERR_QUICPIPE_MAILBOX_FULL"]);
    expect(held(app)).toEqual({ queued: 1, registrations: 1, cids: 4 });
    const list = await call("GET", `${app.url}/v1/registrations`, { token: await tokenFor("alice") });
    const { expiresAt } = list.body.registrations[0]!;
    expect(Date.parse(expiresAt)).toBeGreaterThan(Date.parse(first.body.expiresAt));
  });

  it("is the same one where it is sent again, as its answer may have been lost", async () => {
    const app = await serve({ limits: { maxMessagesPerRecipient: 2 } });
    const register = wanted();
    const first = await send(app, { register });
    expect((await send(app, { register })).body).toMatchObject({ id: first.body.id, state: "queued" });
    expect(held(app)).toEqual({ queued: 1, registrations: 1, cids: 1 });
    await take(app, first.body.id, { register: wanted() });
    expect((await send(app, { register })).body).toMatchObject({ id: first.body.id, state: "taken" });
    expect((await send(app, { register: wanted() })).body.id).not.toBe(first.body.id);
  });

  it("counts as a message and as a registration of so many connection IDs", async () => {
    const app = await serve({ limits: { requestsPerMinute: 8 } });
    expect((await send(app, { register: wanted(64) })).status).toBe(201);
    expect((await send(app, { to: "carol", register: wanted(96) })).status).toBe(201);
    // One is left: for the message, not for both.
    const limited = await send(app, { to: "dave", register: wanted(1) });
    expect(outcome(limited)).toEqual([429, "ERR_QUICPIPE_RATE_LIMITED"]);
    expect(held(app)).toEqual({ queued: 2, registrations: 2, cids: 160 });
  });

  it("is refused by a relay that drains", async () => {
    const app = await serve();
    app.relay.drain();
    expect(outcome(await send(app, { register: wanted() }))).toEqual([503, "ERR_QUICPIPE_DRAINING"]);
    expect(outcome(await take(app, "id", { register: wanted() }))).toEqual([503, "ERR_QUICPIPE_DRAINING"]);
    expect(held(app)).toEqual({ queued: 0, registrations: 0, cids: 0 });
  });
});

describe("taking a message with a registration", () => {
  it("registers, and hands the message out", async () => {
    const app = await serve();
    const id = await leave(app);
    const { status, body, headers } = await take(app, id, { register: wanted(32) });
    expect(status).toBe(200);
    expect(headers.get("cache-control")).toBe("no-store");
    expect(body).toMatchObject({ id, sender: "alice", note: null, packets, registration: { num: 32 } });
    expect(body.registration).toHaveProperty("secret");
    expect(held(app)).toEqual({ queued: 0, registrations: 1, cids: 32 });
  });

  it("needs both scopes, and leaves the message without either", async () => {
    const app = await serve();
    const id = await leave(app);
    for (const scope of ["mailbox:receive", "relay:register"])
      expect(outcome(await take(app, id, { register: wanted(), scope }))).toEqual([
        403,
        "ERR_QUICPIPE_SCOPE_MISSING",
      ]);
    expect(held(app)).toEqual({ queued: 1, registrations: 0, cids: 0 });
  });

  it("leaves the message where the registration is refused", async () => {
    const app = await serve({ limits: { maxRegistrationsPerSubject: 1 } });
    const id = await leave(app);
    await registerAlone(app, "bob", wanted());
    expect(outcome(await take(app, id, { register: wanted() }))).toEqual([
      429,
      "ERR_QUICPIPE_REGISTRATION_QUOTA",
    ]);
    expect(outcome(await take(app, id, { register: {} }))).toEqual([400, "ERR_QUICPIPE_KEY_INVALID"]);
    expect(held(app)).toEqual({ queued: 1, registrations: 1, cids: 1 });
  });

  it("registers nothing where the message is gone, another's or taken", async () => {
    const app = await serve();
    const carols = await send(app, { to: "carol" });
    const taken = await leave(app);
    const first = await take(app, taken, { register: wanted() });
    for (const [id, code] of [
      ["nothing", "ERR_QUICPIPE_MESSAGE_NOT_FOUND"],
      [carols.body.id, "ERR_QUICPIPE_MESSAGE_NOT_FOUND"],
      [taken, "ERR_QUICPIPE_MESSAGE_TAKEN"],
    ])
      expect((await take(app, id!, { register: wanted() })).body.code).toBe(code);
    expect(held(app)).toEqual({ queued: 1, registrations: 1, cids: 1 });
    const list = await call("GET", `${app.url}/v1/registrations`, { token: await tokenFor("bob") });
    expect(list.body.registrations.map(({ id }) => id)).toEqual([first.body.registration!.id]);
  });

  it("leaves refreshed what was registered before, also where the message is gone", async () => {
    const app = await serve();
    const { key } = wanted();
    await registerAlone(app, "bob", { key, num: 8 });
    expect((await take(app, "nothing", { register: { key, num: 16 } })).status).toBe(404);
    expect(held(app)).toEqual({ queued: 0, registrations: 1, cids: 16 });
  });

  it("counts as a take and as a registration of so many connection IDs", async () => {
    const app = await serve({ limits: { requestsPerMinute: 4 } });
    const ids = [await leave(app), await leave(app)];
    expect((await take(app, ids[0]!, { register: wanted(64) })).status).toBe(200);
    expect(outcome(await take(app, ids[1]!, { register: wanted() }))).toEqual([
      429,
      "ERR_QUICPIPE_RATE_LIMITED",
    ]);
    expect(held(app)).toEqual({ queued: 1, registrations: 1, cids: 64 });
  });

  it("is by a registration that there is or by one to make, never by both or none", async () => {
    const app = await serve();
    const id = await leave(app);
    const { body } = await registerAlone(app, "bob", wanted());
    const both = await take(app, id, { registration: body.id, register: wanted() });
    expect(outcome(both)).toEqual([400, "ERR_QUICPIPE_BODY_INVALID"]);
    // By this an older relay is told.
    expect(outcome(await take(app, id, {}))).toEqual([404, "ERR_QUICPIPE_REGISTRATION_NOT_FOUND"]);
    expect(held(app)).toEqual({ queued: 1, registrations: 1, cids: 1 });
    expect((await take(app, id, { registration: body.id })).body).not.toHaveProperty("registration");
  });
});
