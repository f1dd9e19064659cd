import type { RequestListener, ServerResponse } from "node:http";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import * as defaults from "../../../../src/defaults/index.ts";
import { type Issuer, startIssuer } from "./issuer.ts";
import {
  ask,
  clock,
  hourMs,
  longToken,
  minuteMs,
  outcome,
  unavailable,
  type WatchedRelay,
  watchedRelay,
} from "./watched-relay.ts";

describe("keys that are being fetched", () => {
  it("keep no relay from closing, and are not complained about then", async () => {
    const issuer = await startIssuer();
    const [asked, left] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    issuer.misbehave((_request, response) => {
      asked.resolve();
      response.once("close", left.resolve);
    });
    // Time does not end the download: what ends it is the relay.
    const timeout = vi.spyOn(AbortSignal, "timeout").mockReturnValue(new AbortController().signal);
    onTestFinished(() => timeout.mockRestore());
    const relay = await watchedRelay({ jwks: issuer.url });
    await asked.promise;
    await relay.app.relay.close({ graceMs: 0 });
    await left.promise;
    expect(relay.warnings()).toEqual([]);
  });
});

describe("keys that were good", () => {
  it("are said to be good for as long as they are, however short the grace", async () => {
    const advance = clock();
    const issuer = await startIssuer();
    const relay = await watchedRelay({ jwks: issuer.url, keyGraceMs: 1000 });
    expect((await ask(relay, await longToken(issuer))).status).toBe(200);
    const untilMs = Date.now() + defaults.maxKeyAgeMs;
    await issuer.setReachable(false);
    advance(defaults.keyCooldownMs);
    await issuer.rotate("ES256");
    await ask(relay, await longToken(issuer));
    expect(relay.warnings()).toMatchObject([{ fields: { until: new Date(untilMs).toISOString() } }]);
  });

  it("stay good for a day while the issuer is down, with a warning", async () => {
    const advance = clock();
    const issuer = await startIssuer();
    const relay = await watchedRelay({ jwks: issuer.url });
    const token = await longToken(issuer);
    expect((await ask(relay, token)).status).toBe(200);
    expect(relay.warnings()).toEqual([]);

    await issuer.setReachable(false);
    advance(hourMs);
    expect((await ask(relay, token)).status).toBe(200);
    expect(relay.warnings()).toEqual([
      {
        message: expect.stringContaining("tokens are checked with the last ones"),
        fields: {
          url: issuer.url,
          cause: expect.stringContaining("ECONNREFUSED"),
          until: expect.any(String),
        },
      },
    ]);
    advance(22 * hourMs);
    expect((await ask(relay, token)).status).toBe(200);
    advance(2 * hourMs);
    const refused = await ask(relay, token);
    expect(outcome(refused)).toEqual(unavailable);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);

    await issuer.setReachable(true);
    advance(minuteMs);
    expect((await ask(relay, token)).status).toBe(200);
  });

  it("stay good for as long as the option says", async () => {
    const advance = clock();
    const issuer = await startIssuer();
    const relay = await watchedRelay({ jwks: issuer.url, keyGraceMs: hourMs });
    const token = await longToken(issuer);
    expect((await ask(relay, token)).status).toBe(200);
    await issuer.setReachable(false);
    advance(hourMs - minuteMs);
    expect((await ask(relay, token)).status).toBe(200);
    advance(2 * minuteMs);
    expect(outcome(await ask(relay, token))).toEqual(unavailable);
  });

  it("are given up when the issuer takes them back", async () => {
    const advance = clock();
    const issuer = await startIssuer();
    const relay = await watchedRelay({ jwks: issuer.url });
    const token = await longToken(issuer);
    expect((await ask(relay, token)).status).toBe(200);
    issuer.keySet.keys.length = 0;
    await issuer.rotate("EdDSA");
    issuer.keySet.keys[0]!.kid = "another";
    advance(11 * minuteMs);
    expect(outcome(await ask(relay, token))).toEqual([401, "ERR_QUICPIPE_TOKEN_INVALID"]);
  });

  it("keep no request waiting for an issuer that is known to be down", async () => {
    const advance = clock();
    const issuer = await startIssuer();
    const relay = await watchedRelay({ jwks: issuer.url });
    const token = await longToken(issuer);
    expect((await ask(relay, token)).status).toBe(200);
    await issuer.setReachable(false);
    advance(hourMs);
    expect((await ask(relay, token)).status).toBe(200);
    await issuer.setReachable(true);
    const waiting: ServerResponse[] = [];
    issuer.misbehave((_request, response) => void waiting.push(response));
    advance(minuteMs);
    expect((await ask(relay, token)).status).toBe(200);
    await expect.poll(() => waiting).toHaveLength(1);
    expect((await ask(relay, token)).status).toBe(200);
    expect(waiting[0]!.writableEnded).toBe(false);
  });
});

describe("tokens that no key fits", () => {
  it("make one fetch in a while, however many they are", async () => {
    const advance = clock();
    const issuer = await startIssuer();
    const relay = await watchedRelay({ jwks: issuer.url });
    expect((await ask(relay, await issuer.token())).status).toBe(200);
    advance(minuteMs);
    const before = issuer.requests();
    const forged = await Promise.all(
      Array.from({ length: 300 }, (_, i) => issuer.token({}, { kid: `forged-${i}` })),
    );
    const answers = await Promise.all(forged.map((token) => ask(relay, token)));
    expect(issuer.requests() - before).toBe(1);
    expect(answers.every(({ status }) => status === 401 || status === 503)).toBe(true);
    expect((await ask(relay, await issuer.token())).status).toBe(200);
  });

  it("make one fetch in a while from an issuer that fails, too", async () => {
    const advance = clock();
    const issuer = await startIssuer();
    issuer.misbehave((_request, response) => void response.writeHead(500).end());
    const relay = await watchedRelay({ jwks: issuer.url });
    // Until the relay knows: the time until it may ask again runs from then on.
    await expect.poll(() => relay.warnings()).not.toEqual([]);
    expect(issuer.requests()).toBe(1);
    advance(minuteMs);
    const forged = await Promise.all(
      Array.from({ length: 300 }, (_, i) => issuer.token({}, { kid: `forged-${i}` })),
    );
    const answers = await Promise.all(forged.map((token) => ask(relay, token)));
    expect(issuer.requests()).toBe(2);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
  });

  it("are not judged before the keys may be fetched again: the key may be newer than our copy", async () => {
    const advance = clock();
    const issuer = await startIssuer("ES256");
    const relay = await watchedRelay({ jwks: issuer.url });
    const old = await longToken(issuer);
    expect((await ask(relay, old)).status).toBe(200);
    await issuer.rotate("EdDSA");
    const young = await longToken(issuer);
    const refused = await ask(relay, young);
    expect(outcome(refused)).toEqual(unavailable);
    const waitSeconds = Number(refused.headers.get("retry-after"));
    expect(waitSeconds).toBeGreaterThanOrEqual(1);
    expect(waitSeconds).toBeLessThanOrEqual(30);
    advance(waitSeconds * 1000);
    expect((await ask(relay, young)).status).toBe(200);
    expect((await ask(relay, old)).status).toBe(200);
    expect(issuer.requests()).toBe(2);
  });

  it("are not judged either where they name no key and the only one does not fit", async () => {
    const advance = clock();
    const issuer = await startIssuer("ES256");
    const relay = await watchedRelay({ jwks: issuer.url });
    expect((await ask(relay, await issuer.token({}, { kid: undefined }))).status).toBe(200);
    await issuer.rotate("ES256");
    issuer.keySet.keys.shift();
    const young = await issuer.token({ exp: Math.floor(Date.now() / 1000) + 3600 }, { kid: undefined });
    expect(outcome(await ask(relay, young))).toEqual(unavailable);
    advance(minuteMs);
    expect((await ask(relay, young)).status).toBe(200);
  });

  it("are refused for good once the keys were fetched for them", async () => {
    const advance = clock();
    const issuer = await startIssuer();
    const relay = await watchedRelay({ jwks: issuer.url });
    const forged = await issuer.token({ exp: Math.floor(Date.now() / 1000) + 3600 }, { kid: "forged" });
    expect((await ask(relay, await issuer.token())).status).toBe(200);
    advance(minuteMs);
    expect(outcome(await ask(relay, forged))).toEqual([401, "ERR_QUICPIPE_TOKEN_INVALID"]);
  });

  it("are refused for good, without a fetch, where the key that they name did not sign them", async () => {
    const advance = clock();
    const [issuer, other] = [await startIssuer(), await startIssuer()];
    const relay = await watchedRelay({ jwks: issuer.url });
    expect((await ask(relay, await issuer.token())).status).toBe(200);
    advance(minuteMs);
    expect(outcome(await ask(relay, await other.token()))).toEqual([401, "ERR_QUICPIPE_TOKEN_INVALID"]);
    expect(issuer.requests()).toBe(1);
  });

  it("are not judged by keys that are older than they: a fetch that is under way is waited for", async () => {
    const advance = clock();
    const issuer = await startIssuer();
    const relay = await watchedRelay({ jwks: issuer.url });
    expect((await ask(relay, await longToken(issuer))).status).toBe(200);
    await issuer.rotate("ES256");
    const young = await longToken(issuer);
    const held = holdAnswers(issuer);
    advance(minuteMs);
    const atOnce = askAtOnce(
      relay,
      Array.from({ length: 20 }, () => young),
    );
    await expect.poll(() => held).toHaveLength(1);
    const later = Array.from({ length: 20 }, () => ask(relay, young));
    // A request of known outcome says that those before it have come as far as they can.
    await ask(relay, await issuer.token({}, { kid: "key-0" }));
    held[0]!.end(JSON.stringify(issuer.keySet));
    for (const { status } of [...(await atOnce), ...(await Promise.all(later))]) expect(status).toBe(200);
    expect(held).toHaveLength(1);
  });

  it("are not judged either where the fetch that is under way fails", async () => {
    const advance = clock();
    const issuer = await startIssuer();
    const relay = await watchedRelay({ jwks: issuer.url });
    expect((await ask(relay, await longToken(issuer))).status).toBe(200);
    const forged = await Promise.all(
      Array.from({ length: 20 }, (_, i) => issuer.token({}, { kid: `forged-${i}` })),
    );
    const held = holdAnswers(issuer);
    advance(10_000);
    const asked = askAtOnce(relay, forged);
    await expect.poll(() => held).toHaveLength(1);
    held[0]!.writeHead(500).end();
    for (const { status, headers } of await asked) {
      expect(status).toBe(503);
      expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    }
  });
});

/** Asks with several tokens before the relay has looked at any, as requests in one packet do. */
async function askAtOnce({ app }: WatchedRelay, tokens: readonly string[]): Promise<Response[]> {
  const url = `${app.url}/v1/register`;
  return Promise.all(
    tokens.map((token) => app.app.request(url, { headers: { authorization: `Bearer ${token}` } })),
  );
}

/** Has an issuer take requests without an answer. */
function holdAnswers(issuer: Issuer): ServerResponse[] {
  const held: ServerResponse[] = [];
  issuer.misbehave((_request, response) => void held.push(response));
  return held;
}

/** Sends a body without an end, and counts what was taken of it. */
function endlessBody(sent: { bytes: number }): RequestListener {
  const chunk = Buffer.alloc(65_536, " ");
  return (_request, response) => {
    const push = (): void => {
      while (!response.destroyed && sent.bytes < 2 ** 28) {
        sent.bytes += chunk.length;
        if (!response.write(chunk)) return void response.once("drain", push);
      }
    };
    response.writeHead(200, { "content-type": "application/json" });
    push();
  };
}

describe("an issuer that misbehaves", () => {
  const json = { "content-type": "application/json" };
  const sent = { bytes: 0 };

  it.each<[string, RequestListener, RegExp]>([
    [
      "redirects",
      (_request, response) =>
        void response.writeHead(302, { location: "https://elsewhere.example/keys" }).end(),
      /redirects to https:\/\/elsewhere\.example\/keys/,
    ],
    [
      "serves HTML",
      (_request, response) =>
        void response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><h1>Hello</h1>"),
      /no JSON.*text\/html/,
    ],
    [
      "serves its discovery document in place of its keys",
      (_request, response) =>
        void response
          .writeHead(200, json)
          .end('{"issuer":"https://i.example","jwks_uri":"https://i.example/keys"}'),
      /discovery document.*https:\/\/i\.example\/keys/,
    ],
    [
      "serves JSON that is no key set",
      (_request, response) => void response.writeHead(200, json).end("[]"),
      /no key set/,
    ],
    [
      "serves a key set without any key",
      (_request, response) => void response.writeHead(200, json).end('{"keys":[]}'),
      /no keys/,
    ],
    [
      "serves a key set whose keys are none",
      (_request, response) => void response.writeHead(200, json).end('{"keys":[1]}'),
      /no key to check signatures with: key 0: it is no object/,
    ],
    ["answers 500", (_request, response) => void response.writeHead(500).end("oh no"), /status 500/],
    ["sends more than keys could be", endlessBody(sent), /longer than \d+ bytes/],
    ["breaks off", (request) => void request.socket.destroy(), /socket|other side closed|ECONNRESET/],
  ])("and %s is named in one line of the log", async (_name, answer, cause) => {
    await isNamed(answer, cause);
    // What is in the sockets' buffers counts as sent.
    expect(sent.bytes).toBeLessThan(2 ** 25);
  });

  it.each<[string, RequestListener]>([
    ["does not answer", () => undefined],
    ["does not come to an end", (_request, response) => void response.writeHead(200, json).write("{")],
  ])("and %s is named in one line of the log", async (_name, answer) => {
    await isNamed(answer, /within 5 s/, 0.1);
  });
});

/** Expects that an issuer that misbehaves after its first answer is complained of; its time runs faster from then on. */
async function isNamed(answer: RequestListener, cause: RegExp, timeScale = 1): Promise<void> {
  const advance = clock();
  const issuer = await startIssuer();
  const url = `${issuer.url}?key=hidden`;
  const relay = await watchedRelay({ jwks: url });
  const token = await longToken(issuer);
  expect((await ask(relay, token)).status).toBe(200);
  issuer.misbehave(answer);
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  const scaled = vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => timeout(ms * timeScale));
  onTestFinished(() => scaled.mockRestore());
  advance(hourMs);
  const answers = await Promise.all(Array.from({ length: 5 }, () => ask(relay, token)));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  expect(relay.warnings()).toEqual([
    {
      message: expect.any(String),
      fields: { url: issuer.url, cause: expect.stringMatching(cause), until: expect.any(String) },
    },
  ]);
  const blank = await watchedRelay({ jwks: url });
  expect(outcome(await ask(blank, token))).toEqual(unavailable);
  expect(blank.warnings()).toMatchObject([
    { message: expect.stringContaining("no token can be checked"), fields: { url: issuer.url } },
  ]);
}

describe("an issuer's name alone", () => {
  it("leads to its keys by discovery", async () => {
    const issuer = await startIssuer();
    const relay = await watchedRelay({ issuer: issuer.name });
    expect((await ask(relay, await issuer.token({ iss: issuer.name }))).status).toBe(200);
    expect(outcome(await ask(relay, await issuer.token({ iss: "https://other.example" })))).toEqual([
      401,
      "ERR_QUICPIPE_TOKEN_INVALID",
    ]);
    expect(issuer.requests()).toBe(2);
  });

  it("may have a path, and a slash at its end", async () => {
    const issuer = await startIssuer();
    const name = `${issuer.name}/realms/relay/`;
    const paths: (string | undefined)[] = [];
    issuer.misbehave(({ url }, response) => {
      paths.push(url);
      const body = url === "/jwks.json" ? issuer.keySet : { issuer: name, jwks_uri: issuer.url };
      response.end(JSON.stringify(body));
    });
    const relay = await watchedRelay({ issuer: name });
    expect((await ask(relay, await issuer.token({ iss: name }))).status).toBe(200);
    expect(paths).toEqual(["/realms/relay/.well-known/openid-configuration", "/jwks.json"]);
  });

  it.each([
    ["another issuer", { issuer: "https://other.example" }, /issuer.*https:\/\/other\.example/],
    ["no issuer", { issuer: undefined }, /issuer/],
    ["no jwks_uri", { jwks_uri: undefined }, /jwks_uri/],
    ["keys by plain HTTP", { jwks_uri: "http://192.0.2.1/keys" }, /jwks_uri.*https/],
    ["keys in a file", { jwks_uri: "file:///etc/passwd" }, /jwks_uri.*https/],
  ])("is not believed where its document names %s", async (_name, members, cause) => {
    const issuer = await startIssuer();
    issuer.misbehave((_request, response) => {
      response.end(JSON.stringify({ issuer: issuer.name, jwks_uri: issuer.url, ...members }));
    });
    const relay = await watchedRelay({ issuer: issuer.name });
    expect(outcome(await ask(relay, await issuer.token({ iss: issuer.name })))).toEqual(unavailable);
    expect(relay.warnings()).toMatchObject([
      {
        fields: {
          url: `${issuer.name}/.well-known/openid-configuration`,
          cause: expect.stringMatching(cause),
        },
      },
    ]);
  });

  it("leads to its keys again when these have moved", async () => {
    const advance = clock();
    const issuer = await startIssuer();
    const relay = await watchedRelay({ issuer: issuer.name });
    const token = await issuer.token({ iss: issuer.name, exp: Math.floor(Date.now() / 1000) + 24 * 3600 });
    expect((await ask(relay, token)).status).toBe(200);
    const paths: (string | undefined)[] = [];
    issuer.misbehave(({ url }, response) => {
      paths.push(url);
      const isMoved = url === "/moved.json";
      response.end(
        JSON.stringify(
          isMoved ? issuer.keySet : { issuer: issuer.name, jwks_uri: `${issuer.name}/moved.json` },
        ),
      );
    });
    advance(hourMs);
    expect((await ask(relay, token)).status).toBe(200);
    expect(paths).toEqual(["/.well-known/openid-configuration", "/moved.json"]);
    expect(relay.warnings()).toEqual([]);
  });
});
