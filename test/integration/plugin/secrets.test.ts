import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { inspect } from "node:util";
import { metrics, trace } from "@opentelemetry/api";
import { MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import { SimpleSpanProcessor, type SpanExporter, TracerProvider } from "@opentelemetry/sdk-trace";
import { SignJWT } from "jose";
import { expect, it, onTestFinished } from "vitest";
import type { Logger } from "../../../src/index.ts";
import { scopes } from "../../../src/protocol.ts";
import { deriveConnectionId } from "../../../src/wire/connection-id.ts";
import { initialPacket, packetFor } from "../harness/packets.ts";
import { call, type RelayApp, serveRelay, useSpoiled } from "../harness/relay-app.ts";
import { adminToken, secret, tokenFor } from "../harness/token.ts";
import { openSocket, prove, register } from "../harness/udp-peer.ts";

/** Everything that left the relay but as an answer that was asked for. */
class Outlets {
  readonly texts: string[] = [];
  /** What must be in none of them, by what it is. */
  readonly needles = new Map<string, string>();

  collect(...values: unknown[]): void {
    // Errors with their causes, what is not enumerable, and JSON, which is what pino writes.
    for (const value of values)
      this.texts.push(inspect(value, { depth: 20, showHidden: true, maxStringLength: null }), json(value));
  }

  readonly logger: Logger = Object.fromEntries(
    ["error", "warn", "info", "debug"].map((level) => [
      level,
      (...line: unknown[]) => this.collect(level, ...line),
    ]),
  ) as unknown as Logger;

  hide(name: string, value: Uint8Array | string): void {
    const bytes = Buffer.from(value);
    if (typeof value === "string") this.needles.set(name, value);
    for (const encoding of ["hex", "base64", "base64url"] as const)
      this.needles.set(`${name} in ${encoding}`, bytes.toString(encoding).replace(/=+$/, ""));
  }

  /** Hides a token, of which its claims alone would already be too much. */
  hideToken(name: string, token: string): string {
    const [, claims, signature] = token.split(".");
    this.needles.set(`${name}: claims`, claims!);
    if (signature) this.needles.set(`${name}: signature`, signature);
    return token;
  }

  found(): string[] {
    return [...this.needles]
      .filter(([, needle]) => this.texts.some((text) => text.includes(needle)))
      .map(([name]) => name);
  }
}

function json(value: unknown): string {
  return (
    JSON.stringify(value, (_key, part: unknown) => (typeof part === "bigint" ? String(part) : part)) ?? ""
  );
}

class Reader extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }
  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}

/** Collects every span, and gives a reader of metrics. */
function observe(outlets: Outlets): MetricReader {
  const exporter: SpanExporter = {
    export(spans, done) {
      for (const { name, attributes, events, status, links } of spans)
        outlets.collect({ span: name, attributes, events, status, links });
      done({ code: 0 });
    },
    shutdown: () => Promise.resolve(),
  };
  const reader = new Reader();
  const spanProcessors = [new SimpleSpanProcessor({ exporter })];
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors }));
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  onTestFinished(() => {
    for (const api of [trace, metrics]) api.disable();
  });
  return reader;
}

/** Asks for something, and collects the answer if it is a problem. */
async function ask(
  outlets: Outlets,
  ...request: Parameters<typeof call>
): Promise<Awaited<ReturnType<typeof call>>> {
  const answer = await call(...request);
  if (answer.status >= 400) outlets.collect(answer.text, [...answer.headers]);
  return answer;
}

/** Every kind of bad token, each with another reason. */
async function badTokens(outlets: Outlets): Promise<string[]> {
  const foreign = await new SignJWT({ sub: "mallory", scope: scopes.register, exp: 2 ** 32 })
    .setProtectedHeader({ alg: "HS256" })
    .sign(Buffer.from("another secret of at least 32 bytes!"));
  const unsigned = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${Buffer.from('{"sub":"mallory","marker":"unsigned"}').toString("base64url")}.`;
  const tokens = [
    foreign,
    await tokenFor("mallory", { exp: 1 }),
    await tokenFor("mallory", { quicpipe: { maxCids: "many" } }),
    await tokenFor("mallory", { scope: "" }),
    await tokenFor("", {}),
    unsigned,
    "no-token-at-all.but-three-parts.of-it",
  ];
  return tokens.map((token, i) => outlets.hideToken(`bad token ${i}`, token));
}

/** Two peers that talk by STUN, relay and mailbox, in order and out of it. */
async function talk(app: RelayApp, outlets: Outlets): Promise<void> {
  const [aliceKey, bobKey] = [randomBytes(32), randomBytes(32)];
  for (const [name, key] of [
    ["alice", aliceKey],
    ["bob", bobKey],
  ] as const) {
    outlets.hide(`${name}'s key`, key);
    for (let n = 1; n <= 4; n++) outlets.hide(`${name}'s connection ID ${n}`, deriveConnectionId(key, n));
  }
  const [alice, bob] = [await openSocket(), await openSocket()];
  const [alices, bobs] = [await register(app, "alice", aliceKey), await register(app, "bob", bobKey)];
  outlets.hide("alice's STUN password", alices.secret);
  outlets.hide("bob's STUN password", bobs.secret);
  const elsewhere = await openSocket();
  for (const socket of [elsewhere, alice]) await prove(app, socket, alices);
  await prove(app, bob, bobs);
  await prove(app, bob, { ...bobs, secret: "wrong" });
  const { address, port } = app.relay.address();
  alice.send(packetFor(bobKey, "hello"), port, address);
  await once(bob, "message");
  for (const packet of [packetFor(aliceKey, "to itself"), Buffer.from([0]), randomBytes(100)])
    alice.send(packet, port, address);

  const [aliceToken, bobToken] = [await tokenFor("alice"), await tokenFor("bob")];
  outlets.hideToken("alice's token", aliceToken);
  outlets.hideToken("bob's token", bobToken);
  const initial = initialPacket(randomBytes(12));
  outlets.needles.set("a first packet", initial.toString("base64").slice(0, 60));
  const sent = await ask(outlets, "POST", `${app.url}/v1/mailbox/bob`, {
    token: aliceToken,
    body: { packets: [initial.toString("base64")], note: "a note between two" },
  });
  outlets.hide("a note", "a note between two");
  const take = { token: bobToken, body: { registration: bobs.id } };
  await ask(outlets, "POST", `${app.url}/v1/mailbox/${sent.body.id}/take`, take);
  await ask(outlets, "POST", `${app.url}/v1/mailbox/${sent.body.id}/take`, take);
  const mallory = outlets.hideToken("mallory's token", await tokenFor("mallory"));
  const body = { key: aliceKey.toString("base64"), num: 4 };
  await ask(outlets, "POST", `${app.url}/v1/register`, { token: mallory, body });
  const badKey = randomBytes(8);
  outlets.hide("a short key", badKey);
  for (const wrong of [
    { ...body, num: 0 },
    { ...body, key: badKey.toString("base64") },
    aliceKey.toString("base64"),
  ])
    await ask(outlets, "POST", `${app.url}/v1/register`, { token: aliceToken, body: wrong });
  await ask(outlets, "DELETE", `${app.url}/v1/register/${bobs.id}`, { token: aliceToken });
}

/** A guest that dials, is refused more, and whose invitation is revoked. */
async function inviteGuest(app: RelayApp, outlets: Outlets): Promise<void> {
  const token = await tokenFor("bob");
  const made = await call("POST", `${app.url}/v1/invitations`, { token, body: {} });
  const guest = outlets.hideToken("an invitation", made.body.token);
  const key = randomBytes(32);
  outlets.hide("a guest's key", key);
  const wanted = { key: key.toString("base64"), num: 1 };
  const body = { packets: [initialPacket().toString("base64")], register: wanted };
  await ask(outlets, "POST", `${app.url}/v1/mailbox/bob`, { token: guest, body });
  await ask(outlets, "POST", `${app.url}/v1/mailbox/alice`, { token: guest, body });
  await ask(outlets, "GET", `${app.url}/v1/stats`, { token: guest });
  outlets.collect((await call("GET", `${app.url}/v1/invitations`, { token })).text);
  await ask(outlets, "DELETE", `${app.url}/v1/invitations/${made.body.id}`, { token });
  await ask(outlets, "POST", `${app.url}/v1/register`, { token: guest, body: wanted });
  const altered = outlets.hideToken("an altered invitation", `${guest.slice(0, -4)}AAAA`);
  await ask(outlets, "POST", `${app.url}/v1/register`, { token: altered, body: wanted });
}

/** What the relay is seen to tell in this test: without it, silence would pass. */
const expectedTexts = [
  "relay on UDP",
  "a registration began",
  "has another address",
  "is over",
  "a request was refused",
  "an administrator ended a registration",
  "a request failed unexpectedly",
  "event: stats",
  "quicpipe.relay",
  "bytesFrom",
  "ERR_QUICPIPE_TOKEN_UNSIGNED",
  "ERR_QUICPIPE_INVITATION_ENDED",
  "bob/invite/",
  "ERR_QUICPIPE_KEY_INVALID",
  "ERR_QUICPIPE_CID_CONFLICT",
];

it("nothing that the relay tells of itself has a key, a token, a secret or a connection ID in it", async () => {
  const outlets = new Outlets();
  const reader = observe(outlets);
  const app = await serveRelay({ auth: { secret }, logger: outlets.logger });
  outlets.hide("the shared secret", secret);
  await talk(app, outlets);
  await inviteGuest(app, outlets);
  for (const token of await badTokens(outlets)) {
    await ask(outlets, "GET", `${app.url}/v1/register`, { token });
    await ask(outlets, "GET", `${app.url}/v1/stats`, { token });
  }
  const admin = outlets.hideToken("the administrator's token", await adminToken());
  const { text, body } = await call("GET", `${app.url}/v1/stats?limit=9`, { token: admin });
  outlets.collect(text, app.relay.stats(), await Array.fromAsync(app.relay.registrations()));
  const events = await fetch(`${app.url}/v1/events`, { headers: { authorization: `Bearer ${admin}` } });
  const { value } = await events.body!.getReader().read();
  outlets.collect(Buffer.from(value!).toString());
  const { page } = body as unknown as { page: { registrations: { id: string }[] } };
  await call("DELETE", `${app.url}/v1/registrations/${page.registrations[0]!.id}`, { token: admin });
  outlets.collect((await reader.collect()).resourceMetrics);
  await app.relay.close();

  // An app that spoils the request has the relay fail, which logs what went wrong.
  const other = await serveRelay({ auth: { secret }, logger: outlets.logger }, { mount: useSpoiled });
  const lastKey = randomBytes(32);
  outlets.hide("the last key", lastKey);
  await ask(outlets, "POST", `${other.url}/v1/register`, {
    token: outlets.hideToken("the last token", await tokenFor("eve")),
    body: { key: lastKey.toString("base64"), num: 1 },
  });
  await other.relay.close();

  const all = outlets.texts.join("\n");
  for (const heard of expectedTexts) expect([heard, all.includes(heard)]).toEqual([heard, true]);
  expect(outlets.needles.size).toBeGreaterThan(40);
  expect(outlets.found()).toEqual([]);
});
