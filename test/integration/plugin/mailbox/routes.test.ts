import { randomBytes } from "node:crypto";
import { describe, expect, it, onTestFinished } from "vitest";
import { initialPacket } from "../../harness/packets.ts";
import { type Answer, call, type RelayApp, serveRelay } from "../../harness/relay-app.ts";
import { secret, tokenFor } from "../../harness/token.ts";

const auth = { secret };
const packet = initialPacket();
const packets = [packet.toString("base64")];

async function send(app: RelayApp, to = "bob", body: unknown = { packets }, from = "alice"): Promise<Answer> {
  return call("POST", `${app.url}/v1/mailbox/${to}`, { token: await tokenFor(from), body });
}

async function registrationOf(app: RelayApp, subject: string): Promise<string> {
  const body = { key: randomBytes(32).toString("base64"), num: 1 };
  const { body: answer } = await call("POST", `${app.url}/v1/register`, {
    token: await tokenFor(subject),
    body,
  });
  return answer.id;
}

async function take(app: RelayApp, id: string, registration: unknown, subject = "bob"): Promise<Answer> {
  const token = await tokenFor(subject);
  return call("POST", `${app.url}/v1/mailbox/${id}/take`, { token, body: { registration } });
}

async function inbox(app: RelayApp, headers: Record<string, string> = {}, subject = "bob"): Promise<Answer> {
  return call("GET", `${app.url}/v1/mailbox`, { token: await tokenFor(subject), headers });
}

describe("a mailbox message", () => {
  it("goes from its sender to its recipient, once, and the sender sees what became of it", async () => {
    const app = await serveRelay({ auth });
    const sent = await send(app, "bob", { packets, note: "it's me", ttlMs: 30_000 });
    expect(sent.status).toBe(201);
    expect(sent.body).toMatchObject({ recipient: "bob", state: "queued" });
    expect(Date.parse(sent.body.expiresAt) - Date.parse(sent.body.createdAt)).toBe(30_000);
    expect(sent.headers.get("location")).toBe(`/v1/messages/${sent.body.id}`);

    const { id, createdAt, expiresAt } = sent.body;
    const list = await inbox(app);
    expect(list.body).toEqual({
      messages: [{ id, sender: "alice", note: "it's me", sizes: [1200], createdAt, expiresAt }],
    });

    const registration = await registrationOf(app, "bob");
    const taken = await take(app, id, registration);
    expect(taken.body).toEqual({ id, sender: "alice", note: "it's me", packets });
    expect(taken.headers.get("cache-control")).toBe("no-store");
    const again = await take(app, id, registration);
    expect([again.status, again.body.code]).toEqual([409, "ERR_QUICPIPE_MESSAGE_TAKEN"]);
    expect((await inbox(app)).body).toEqual({ messages: [] });

    const location = app.url + sent.headers.get("location");
    const status = await call("GET", location, { token: await tokenFor("alice") });
    expect(status.body).toEqual({ ...sent.body, state: "taken" });
    const recall = await call("DELETE", location, { token: await tokenFor("alice") });
    expect([recall.status, recall.body.code]).toEqual([409, "ERR_QUICPIPE_MESSAGE_TAKEN"]);
    expect(app.relay.stats().mailbox).toEqual({
      queued: 0,
      queuedBytes: 0,
      taken: 1,
      expired: 0,
      refused: 0,
      recalled: 0,
    });
  });

  it("brings its sender's traceparent along, in its plain form, if there is a valid one", async () => {
    const app = await serveRelay({ auth });
    const token = await tokenFor("alice");
    const registration = await registrationOf(app, "bob");
    const plain = `${"a".repeat(32)}-${"b".repeat(16)}-01`;
    const brought: unknown[] = [];
    for (const traceparent of [`00-${plain}`, `7f-${plain}-<more>`, "00-nonsense"]) {
      const sent = await call("POST", `${app.url}/v1/mailbox/bob`, {
        token,
        headers: { traceparent },
        body: { packets },
      });
      brought.push((await take(app, sent.body.id, registration)).body.traceparent);
    }
    expect(brought).toEqual([`00-${plain}`, `00-${plain}`, undefined]);
  });

  it("is handed out once even to two takers at the same time", async () => {
    const app = await serveRelay({ auth });
    const { body } = await send(app);
    const registration = await registrationOf(app, "bob");
    const answers = await Promise.all(Array.from({ length: 5 }, () => take(app, body.id, registration)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409]);
  });

  it("may be a single datagram as octet-stream", async () => {
    const app = await serveRelay({ auth });
    const sent = await call("POST", `${app.url}/v1/mailbox/bob`, {
      token: await tokenFor("alice"),
      headers: { "content-type": "application/octet-stream" },
      body: packet,
    });
    const { body } = await take(app, sent.body.id, await registrationOf(app, "bob"));
    expect(body).toMatchObject({ note: null, packets });
  });

  it("can be refused by its recipient alone, for one of the known reasons, which its sender sees", async () => {
    const app = await serveRelay({ auth });
    const { body: sent } = await send(app);
    const refuse = async (reason: unknown, by = "bob"): Promise<[number, string | undefined]> => {
      const url = `${app.url}/v1/messages/${sent.id}/refuse`;
      const answer = await call("POST", url, { token: await tokenFor(by), body: { reason } });
      return [answer.status, answer.body?.code];
    };
    expect(await refuse("whim")).toEqual([400, "ERR_QUICPIPE_BODY_INVALID"]);
    expect(await refuse("busy", "eve")).toEqual([404, "ERR_QUICPIPE_MESSAGE_NOT_FOUND"]);
    expect(await refuse("busy")).toEqual([204, undefined]);
    expect(await refuse("busy")).toEqual([404, "ERR_QUICPIPE_MESSAGE_NOT_FOUND"]);
    const status = await call("GET", `${app.url}/v1/messages/${sent.id}`, { token: await tokenFor("alice") });
    expect(status.body).toEqual({ ...sent, state: "expired", refused: "busy" });
    expect((await inbox(app)).body).toEqual({ messages: [] });
    expect(app.relay.stats().mailbox).toMatchObject({ queued: 0, expired: 0, refused: 1 });
  });

  it("can be recalled until it is taken", async () => {
    const app = await serveRelay({ auth });
    const { body, headers } = await send(app);
    const location = app.url + headers.get("location");
    const alice = await tokenFor("alice");
    const foreign = await call("DELETE", location, { token: await tokenFor("mallory") });
    expect([foreign.status, foreign.body.code]).toEqual([404, "ERR_QUICPIPE_MESSAGE_NOT_FOUND"]);
    expect((await call("DELETE", location, { token: alice })).status).toBe(204);
    expect((await inbox(app)).body.messages).toEqual([]);
    expect((await call("GET", location, { token: alice })).status).toBe(404);
    const taken = await take(app, body.id, await registrationOf(app, "bob"));
    expect([taken.status, taken.body.code]).toEqual([404, "ERR_QUICPIPE_MESSAGE_NOT_FOUND"]);
    expect(app.relay.stats().mailbox.recalled).toBe(1);
  });

  it("reaches names with slashes, spaces and other scripts", async () => {
    const app = await serveRelay({ auth });
    for (const name of ["a/b", "100%", "Zoë 電話", "%2F", "take"]) {
      const { status, headers } = await send(app, encodeURIComponent(name));
      expect(status).toBe(201);
      expect((await inbox(app, {}, name)).body.messages).toHaveLength(1);
      const view = await call("GET", app.url + headers.get("location"), {
        token: await tokenFor("alice"),
      });
      expect(view.body.recipient).toBe(name);
    }
  });

  it.each([
    ["packets missing", {}, 400, "ERR_QUICPIPE_PACKETS_INVALID"],
    ["no packets", { packets: [] }, 400, "ERR_QUICPIPE_PACKETS_INVALID"],
    ["9 packets", { packets: Array.from({ length: 9 }, () => "AA==") }, 400, "ERR_QUICPIPE_PACKETS_INVALID"],
    ["a packet that is no text", { packets: [1] }, 400, "ERR_QUICPIPE_PACKETS_INVALID"],
    ["a packet that is no base64", { packets: ["?"] }, 400, "ERR_QUICPIPE_PACKETS_INVALID"],
    ["an empty packet", { packets: [""] }, 400, "ERR_QUICPIPE_PACKETS_INVALID"],
    ["a packet of 1473 bytes", { packets: [base64(1473)] }, 400, "ERR_QUICPIPE_PACKETS_INVALID"],
    ["random bytes", { packets: [base64(1200)] }, 400, "ERR_QUICPIPE_PACKET_NOT_INITIAL"],
    ["an Initial under 1200 bytes", { packets: [shortInitial()] }, 400, "ERR_QUICPIPE_PACKET_NOT_INITIAL"],
    ["only a 0-RTT packet", { packets: [zeroRtt()] }, 400, "ERR_QUICPIPE_PACKET_NOT_INITIAL"],
    ["QUIC version 2", { packets: [version2()] }, 400, "ERR_QUICPIPE_PACKET_NOT_INITIAL"],
    ["one bad packet of two", { packets: [...packets, "AA=="] }, 400, "ERR_QUICPIPE_PACKET_NOT_INITIAL"],
    ["a note of 513 bytes", { packets, note: "ä".repeat(257) }, 400, "ERR_QUICPIPE_NOTE_INVALID"],
    ["a note that is no text", { packets, note: 1 }, 400, "ERR_QUICPIPE_NOTE_INVALID"],
    ["a note with half a character", { packets, note: "\ud800" }, 400, "ERR_QUICPIPE_NOTE_INVALID"],
    ["ttlMs 999", { packets, ttlMs: 999 }, 400, "ERR_QUICPIPE_TTL_INVALID"],
    ["a body of 21 KiB", " ".repeat(21 * 1024), 413, "ERR_QUICPIPE_BODY_TOO_LARGE"],
    ["no JSON", "{", 400, "ERR_QUICPIPE_BODY_INVALID"],
  ])("is refused with %s, and nothing waits", async (_name, body, status, code) => {
    const app = await serveRelay({ auth });
    const answer = await send(app, "bob", body);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(app.relay.stats().mailbox.queued).toBe(0);
  });

  it("takes 8 datagrams of 1472 bytes with a note of 512 bytes", async () => {
    const app = await serveRelay({ auth });
    const long = Buffer.concat([packet, Buffer.alloc(272)]).toString("base64");
    const { status } = await send(app, "bob", {
      packets: Array.from({ length: 8 }, () => long),
      note: "\u0001".repeat(512),
    });
    expect(status).toBe(201);
  });

  it("is refused for a recipient that the token does not name, or that has too long a name", async () => {
    const app = await serveRelay({ auth });
    const token = await tokenFor("alice", { quicpipe: { peers: ["bob"] } });
    const outcome = async (to: string): Promise<unknown[]> => {
      const { status, body } = await call("POST", `${app.url}/v1/mailbox/${to}`, {
        token,
        body: { packets },
      });
      return [status, body.code];
    };
    expect(await outcome("bob")).toEqual([201, undefined]);
    expect(await outcome("eve")).toEqual([403, "ERR_QUICPIPE_RECIPIENT_FORBIDDEN"]);
    expect(await outcome("x".repeat(257))).toEqual([400, "ERR_QUICPIPE_RECIPIENT_INVALID"]);
  });

  it("is refused with a content type that is neither JSON nor octet-stream", async () => {
    const app = await serveRelay({ auth });
    const { status, body } = await call("POST", `${app.url}/v1/mailbox/bob`, {
      token: await tokenFor("alice"),
      headers: { "content-type": "text/plain" },
      body: packet,
    });
    expect([status, body.code]).toEqual([415, "ERR_QUICPIPE_CONTENT_TYPE_UNSUPPORTED"]);
  });

  it("is refused when a mailbox, a sender's share or the store is full, and what is there stays", async () => {
    const limits = { maxMessagesPerRecipient: 4, maxMessagesPerSender: 3, maxMessages: 5 };
    const app = await serveRelay({ auth, limits });
    const outcome = async (to: string, from: string): Promise<unknown[]> => {
      const { status, body, headers } = await send(app, to, { packets }, from);
      return [status, body.code, headers.get("retry-after")];
    };
    expect(await outcome("bob", "alice")).toEqual([201, undefined, null]);
    expect(await outcome("bob", "alice")).toEqual([201, undefined, null]);
    expect(await outcome("bob", "alice")).toEqual([429, "ERR_QUICPIPE_MAILBOX_FULL", "1"]);
    expect(await outcome("dave", "alice")).toEqual([201, undefined, null]);
    expect(await outcome("dave", "alice")).toEqual([429, "ERR_QUICPIPE_SENDER_QUOTA", "5"]);
    expect(await outcome("dave", "carol")).toEqual([201, undefined, null]);
    expect(await outcome("bob", "carol")).toEqual([503, "ERR_QUICPIPE_MAILBOX_STORE_FULL", "5"]);
    expect(await outcome("bob", "erin")).toEqual([201, undefined, null]);
    expect(await outcome("bob", "frank")).toEqual([503, "ERR_QUICPIPE_MAILBOX_STORE_FULL", "5"]);
    expect((await inbox(app)).body.messages).toHaveLength(3);
  });

  it("still comes from others while one sender sends as much as it can", async () => {
    const app = await serveRelay({ auth });
    const flood = await Promise.all(
      Array.from({ length: 40 }, () => send(app, "bob", { packets }, "mallory")),
    );
    const refused = flood.filter(({ status }) => status !== 201);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]!.body.code).toBe("ERR_QUICPIPE_MAILBOX_FULL");
    for (const sender of ["alice", "carol"])
      expect((await send(app, "bob", { packets }, sender)).status).toBe(201);
    expect(app.relay.stats().refused).toEqual({ ERR_QUICPIPE_MAILBOX_FULL: refused.length });
  });
});

describe("taking a message", () => {
  it("needs a live registration of the taker's own, and leaves the message otherwise", async () => {
    const app = await serveRelay({ auth });
    const { body } = await send(app);
    const foreign = await registrationOf(app, "mallory");
    for (const registration of [undefined, 7, "nope", foreign]) {
      const answer = await take(app, body.id, registration);
      expect([answer.status, answer.body.code]).toEqual([404, "ERR_QUICPIPE_REGISTRATION_NOT_FOUND"]);
    }
    const stolen = await take(app, body.id, foreign, "mallory");
    expect([stolen.status, stolen.body.code]).toEqual([404, "ERR_QUICPIPE_MESSAGE_NOT_FOUND"]);
    expect((await take(app, body.id, await registrationOf(app, "bob"))).status).toBe(200);
  });
});

describe("a long poll", () => {
  it("answers at once if something waits", async () => {
    const app = await serveRelay({ auth });
    await send(app);
    const { body, headers } = await inbox(app, { prefer: "respond-async, wait=25" });
    expect(body.messages).toHaveLength(1);
    expect(headers.get("preference-applied")).toBe("wait=25");
  });

  it("ends as soon as a message comes", async () => {
    const app = await serveRelay({ auth });
    const poll = inbox(app, { prefer: "wait=25" });
    await until(() => app.relay.stats().waiters === 1);
    await send(app);
    expect((await poll).body.messages).toHaveLength(1);
    expect(app.relay.stats().waiters).toBe(0);
  });

  it("ends with nothing when its time is over, and grants no more than a minute", async () => {
    const app = await serveRelay({ auth });
    const { body, headers } = await inbox(app, { prefer: "wait=1" });
    expect([body.messages, headers.get("preference-applied")]).toEqual([[], "wait=1"]);
    await send(app);
    const capped = await inbox(app, { prefer: "wait=3600" });
    expect(capped.headers.get("preference-applied")).toBe("wait=60");
  });

  it("ends when its client disconnects", async () => {
    const app = await serveRelay({ auth });
    const client = new AbortController();
    const poll = fetch(`${app.url}/v1/mailbox`, {
      signal: client.signal,
      headers: { authorization: `Bearer ${await tokenFor("bob")}`, prefer: "wait=60" },
    });
    await until(() => app.relay.stats().waiters === 1);
    client.abort();
    await expect(poll).rejects.toThrow("abort");
    await until(() => app.relay.stats().waiters === 0);
  });

  it("is one of few for a subject", async () => {
    const app = await serveRelay({ auth, limits: { maxWaitersPerSubject: 2 } });
    const polls = [inbox(app, { prefer: "wait=60" }), inbox(app, { prefer: "wait=60" })];
    await until(() => app.relay.stats().waiters === 2);
    const third = await inbox(app, { prefer: "wait=60" });
    expect([third.status, third.body.code]).toEqual([429, "ERR_QUICPIPE_WAITER_QUOTA"]);
    expect(third.headers.get("retry-after")).toBe("5");
    await send(app);
    await Promise.all(polls);
  });
});

describe("the event stream", () => {
  it("shows the whole list at first and after each change", async () => {
    const app = await serveRelay({ auth });
    const events = await openEvents(app);
    expect(await events.next()).toEqual({ messages: [] });
    const { body, headers } = await send(app);
    expect(await events.next()).toMatchObject({ messages: [{ id: body.id, sender: "alice" }] });
    await call("DELETE", app.url + headers.get("location"), { token: await tokenFor("alice") });
    expect(await events.next()).toEqual({ messages: [] });
  });

  it("ends when the token expires", async () => {
    const app = await serveRelay({ auth: { secret, clockTolerance: 0 } });
    const events = await openEvents(app, { exp: Math.floor(Date.now() / 1000) + 2 });
    await events.next();
    expect(await events.next()).toBeUndefined();
    expect(app.relay.stats().waiters).toBe(0);
  });

  it("ends when the relay drains", async () => {
    const app = await serveRelay({ auth });
    const events = await openEvents(app);
    await events.next();
    await app.relay.close();
    expect(await events.next()).toBeUndefined();
  });

  it("ends when its reader disconnects", async () => {
    const app = await serveRelay({ auth });
    const events = await openEvents(app);
    await events.next();
    expect(app.relay.stats().waiters).toBe(1);
    await events.close();
    await until(() => app.relay.stats().waiters === 0);
  });

  it("is not held open by HEAD", async () => {
    const app = await serveRelay({ auth });
    const { status, headers } = await call("HEAD", `${app.url}/v1/mailbox`, {
      token: await tokenFor("bob"),
      headers: { accept: "text/event-stream" },
    });
    expect([status, headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    expect(app.relay.stats().waiters).toBe(0);
  });
});

/** Opens bob's event stream; `next` gives the data of the next event, `undefined` at the end. */
async function openEvents(
  app: RelayApp,
  claims = {},
): Promise<{ next(): Promise<unknown>; close(): Promise<void> }> {
  const response = await fetch(`${app.url}/v1/mailbox`, {
    headers: {
      authorization: `Bearer ${await tokenFor("bob", claims)}`,
      accept: "text/event-stream",
    },
  });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  expect(response.headers.get("x-accel-buffering")).toBe("no");
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  onTestFinished(() => reader.cancel());
  return {
    async next() {
      const { value } = await reader.read();
      if (value === undefined) return undefined;
      expect(value).toMatch(/^event: messages\ndata: .*\n\n$/);
      return JSON.parse(value.slice(value.indexOf("{")));
    },
    close: () => reader.cancel(),
  };
}

async function until(condition: () => boolean): Promise<void> {
  await expect.poll(condition, { interval: 5 }).toBe(true);
}

function base64(length: number): string {
  return randomBytes(length).fill(0x40, 0, 1).toString("base64");
}

function shortInitial(): string {
  const short = Buffer.concat([packet.subarray(0, 16), Buffer.from([0x40, 100]), Buffer.alloc(100)]);
  return short.toString("base64");
}

function zeroRtt(): string {
  return Buffer.concat([Buffer.from([0xd3]), packet.subarray(1, 15), packet.subarray(16), Buffer.alloc(1)])
    .fill(0, 17)
    .toString("base64");
}

function version2(): string {
  const copy = Buffer.from(packet);
  copy.writeUInt32BE(0x6b3343cf, 1);
  return copy.toString("base64");
}
