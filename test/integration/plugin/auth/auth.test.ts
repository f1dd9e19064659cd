import { statSync } from "node:fs";
import { chmod, readFile } from "node:fs/promises";
import { join } from "node:path";
import { generateKeyPair, type JSONWebKeySet, type JWTPayload, SignJWT, UnsecuredJWT } from "jose";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type Logger, mintDevelopmentToken, quicpipe } from "../../../../src/index.ts";
import { temporaryFolder } from "../../harness/folder.ts";
import { initialPacket } from "../../harness/packets.ts";
import { type Answer, call, type RelayApp, serveRelay } from "../../harness/relay-app.ts";
import { secret, tokenFor } from "../../harness/token.ts";
import { startIssuer } from "./issuer.ts";

function list(app: RelayApp, token?: string): Promise<Answer> {
  return call("GET", `${app.url}/v1/register`, { token });
}

function inSeconds(seconds: number): number {
  return Math.floor(Date.now() / 1000) + seconds;
}

const realm = 'Bearer realm="quicpipe"';

describe("tokens checked with a JWKS server", () => {
  it.each(["RS256", "PS256", "ES256", "ES384", "EdDSA"])("accepts %s", async (alg) => {
    const issuer = await startIssuer(alg);
    const app = await serveRelay({ auth: { jwks: issuer.url } });
    expect((await list(app, await issuer.token())).status).toBe(200);
  });

  it("accepts a key set given as an object or URL", async () => {
    const issuer = await startIssuer();
    const keySet = (await (await fetch(issuer.url)).json()) as JSONWebKeySet;
    for (const jwks of [keySet, new URL(issuer.url)]) {
      const app = await serveRelay({ auth: { jwks } });
      expect((await list(app, await issuer.token())).status).toBe(200);
    }
  });

  it("follows a rotation of the issuer's keys", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    onTestFinished(() => void vi.useRealTimers());
    const issuer = await startIssuer("ES256");
    const app = await serveRelay({ auth: { jwks: issuer.url } });
    const old = await issuer.token({ exp: inSeconds(3600) });
    expect((await list(app, old)).status).toBe(200);
    await issuer.rotate("EdDSA");
    // A key set that was just fetched is not fetched again for an unknown key.
    vi.setSystemTime(Date.now() + 31_000);
    expect((await list(app, await issuer.token())).status).toBe(200);
    expect((await list(app, old)).status).toBe(200);
    expect(issuer.requests()).toBe(2);
  });

  it("answers 503 while the key server is out of reach, and recovers with it", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    onTestFinished(() => void vi.useRealTimers());
    const issuer = await startIssuer();
    await issuer.setReachable(false);
    const app = await serveRelay({ auth: { jwks: issuer.url } });
    const token = await issuer.token();
    const { status, body, headers } = await list(app, token);
    expect([status, body.code]).toEqual([503, "ERR_QUICPIPE_JWKS_UNAVAILABLE"]);
    expect(headers.get("retry-after")).toBe("10");
    await issuer.setReachable(true);
    vi.setSystemTime(Date.now() + 10_000);
    expect((await list(app, token)).status).toBe(200);
  });

  it.each([
    ["no token", undefined, "ERR_QUICPIPE_TOKEN_MISSING", realm],
    ["garbage", "garbage", "ERR_QUICPIPE_TOKEN_INVALID"],
    ["three parts of garbage", "a.b.c", "ERR_QUICPIPE_TOKEN_INVALID"],
    ["a token that is not signed", unsigned(), "ERR_QUICPIPE_TOKEN_UNSIGNED"],
    ["a token of another issuer's key", foreignlySigned(), "ERR_QUICPIPE_TOKEN_INVALID"],
    ["a token under a shared secret", tokenFor("alice"), "ERR_QUICPIPE_TOKEN_INVALID"],
  ])("refuses %s", async (_name, token, code, challenge?: string) => {
    const issuer = await startIssuer();
    const app = await serveRelay({ auth: { jwks: issuer.url } });
    const { status, body, headers } = await list(app, await token);
    expect([status, body.code]).toEqual([401, code]);
    expect(headers.get("www-authenticate")).toBe(
      challenge ?? `${realm}, error="invalid_token", error_description="${body.title}"`,
    );
    expect(app.relay.stats().refused).toEqual({ [code]: 1 });
  });

  it.each([
    ["an exp in the past", { exp: inSeconds(-10) }, "ERR_QUICPIPE_TOKEN_EXPIRED"],
    ["no exp", { exp: undefined }, "ERR_QUICPIPE_TOKEN_INVALID"],
    ["an exp that is no time", { exp: 1e308 }, "ERR_QUICPIPE_TOKEN_INVALID"],
    ["an nbf in the future", { nbf: inSeconds(60) }, "ERR_QUICPIPE_TOKEN_INVALID"],
    ["no sub", { sub: undefined }, "ERR_QUICPIPE_TOKEN_INVALID"],
    ["an empty sub", { sub: "" }, "ERR_QUICPIPE_TOKEN_INVALID"],
    ["a sub of 257 bytes", { sub: "x".repeat(257) }, "ERR_QUICPIPE_TOKEN_INVALID"],
    ["no audience", {}, "ERR_QUICPIPE_TOKEN_AUDIENCE"],
    ["another audience", { aud: "other" }, "ERR_QUICPIPE_TOKEN_AUDIENCE"],
    ["another issuer", { aud: "relay", iss: "mallory" }, "ERR_QUICPIPE_TOKEN_INVALID"],
    ["a claim quicpipe that is no object", { quicpipe: 7 }, "ERR_QUICPIPE_TOKEN_INVALID"],
    ["a negative quota", { quicpipe: { maxCids: -1 } }, "ERR_QUICPIPE_TOKEN_INVALID"],
    ["a quota that is misspelt", { quicpipe: { maxCid: 1 } }, "ERR_QUICPIPE_TOKEN_INVALID"],
    ["peers that are no list", { quicpipe: { peers: "bob" } }, "ERR_QUICPIPE_TOKEN_INVALID"],
  ])("refuses a token with %s", async (_name, claims, code) => {
    const issuer = await startIssuer();
    const app = await serveRelay({ auth: { jwks: issuer.url, issuer: "me", audience: ["relay", "relay2"] } });
    const good = { iss: "me", ...(code !== "ERR_QUICPIPE_TOKEN_AUDIENCE" && { aud: "relay2" }) };
    const { status, body } = await list(app, await issuer.token({ ...good, ...claims } as JWTPayload));
    expect([status, body.code]).toEqual([401, code]);
    expect((await list(app, await issuer.token({ iss: "me", aud: "relay" }))).status).toBe(200);
  });

  it("allows a token to be late by the clock tolerance", async () => {
    const issuer = await startIssuer();
    const app = await serveRelay({ auth: { jwks: issuer.url } });
    expect((await list(app, await issuer.token({ exp: inSeconds(-2) }))).status).toBe(200);
  });

  it("accepts only the algorithms that are allowed", async () => {
    const issuer = await startIssuer("ES256");
    const app = await serveRelay({ auth: { jwks: issuer.url, algorithms: ["EdDSA"] } });
    expect((await list(app, await issuer.token())).body.code).toBe("ERR_QUICPIPE_TOKEN_INVALID");
  });
});

describe("scopes", () => {
  it.each([
    ["POST", "/v1/register", "mailbox:send", "relay:register"],
    ["GET", "/v1/register", "mailbox:send mailbox:receive", "relay:register"],
    ["DELETE", "/v1/register/x", "", "relay:register"],
    ["GET", "/v1/mailbox", "mailbox:send", "mailbox:receive"],
    ["POST", "/v1/mailbox/x/take", "mailbox:send", "mailbox:receive"],
    ["POST", "/v1/mailbox/bob", "mailbox:receive", "mailbox:send"],
    ["GET", "/v1/mailbox/bob/x", "mailbox:receive", "mailbox:send"],
    ["DELETE", "/v1/mailbox/bob/x", "mailbox:receive", "mailbox:send"],
  ])("%s %s with the scope %j is refused and told which it needs", async (method, path, scope, needed) => {
    const app = await serveRelay({ auth: { secret } });
    const token = await tokenFor("alice", { scope });
    const { status, body, headers } = await call(method, app.url + path, { token });
    expect([status, body.code]).toEqual([403, "ERR_QUICPIPE_SCOPE_MISSING"]);
    expect(headers.get("www-authenticate")).toBe(`${realm}, error="insufficient_scope", scope="${needed}"`);
  });
});

describe('auth: "none"', () => {
  it("identifies every client as anonymous, whose registrations the server's own limits bound", async () => {
    const limits = { maxRegistrationsPerSubject: 1, maxMessagesPerSender: 1, requestsPerMinute: 1 };
    const warn = vi.fn();
    const logger: Logger = { error: vi.fn(), warn, info: vi.fn(), debug: vi.fn() };
    const app = await serveRelay({ auth: "none", limits: { ...limits, maxRegistrations: 24 }, logger });
    expect(warn.mock.calls).toEqual([[expect.stringContaining('auth is "none"')]]);
    const register = (): Promise<Answer> =>
      call("POST", `${app.url}/v1/register`, {
        body: { key: Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("base64"), num: 10 },
      });
    const statuses = [await register(), await register(), await register(), await register()];
    // An address may hold an eighth.
    expect(statuses.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    const packets = [initialPacket().toString("base64")];
    for (let i = 0; i < 2; i++) {
      const sent = await call("POST", `${app.url}/v1/mailbox/anonymous`, { body: { packets } });
      expect(sent.status).toBe(201);
    }
    const { body } = await call("GET", `${app.url}/v1/mailbox`);
    expect(body.messages).toMatchObject([{ sender: "anonymous" }, { sender: "anonymous" }]);
  });
});

/** A state directory of its own for the test. */
function stateDirectory(): string {
  const directory = temporaryFolder();
  vi.stubEnv("XDG_STATE_HOME", directory);
  onTestFinished(() => void vi.unstubAllEnvs());
  return directory;
}

describe("the development key", () => {
  it("is made once, for this user alone, and its tokens are accepted", async () => {
    const path = join(stateDirectory(), "quicpipe", "development.key");
    const info = vi.fn();
    const logger: Logger = { error: vi.fn(), warn: vi.fn(), info, debug: vi.fn() };
    const app = await serveRelay({ logger });
    expect(info.mock.calls[0]).toEqual([expect.stringContaining("quicpipe token --sub alice")]);
    const key = await readFile(path);
    expect(key).toHaveLength(32);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(path, "..")).mode & 0o777).toBe(0o700);
    expect(info.mock.calls.flat().join()).not.toContain(key.toString("hex"));

    expect((await list(app, await mintDevelopmentToken({ sub: "alice" }))).status).toBe(200);
    expect(await readFile(path)).toEqual(key);
    const narrow = await mintDevelopmentToken({ sub: "alice", scope: "mailbox:send", ttlSeconds: 60 });
    expect((await list(app, narrow)).body.code).toBe("ERR_QUICPIPE_SCOPE_MISSING");
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() - 120_000 });
    const expired = await mintDevelopmentToken({ sub: "alice", ttlSeconds: 60 });
    vi.useRealTimers();
    expect((await list(app, expired)).body.code).toBe("ERR_QUICPIPE_TOKEN_EXPIRED");
    const claims = { quicpipe: { maxCids: "many" } };
    const malformed = await mintDevelopmentToken({ sub: "alice", claims });
    expect((await list(app, malformed)).body.code).toBe("ERR_QUICPIPE_TOKEN_INVALID");
  });

  it.each([
    ["subject", { subject: "x" } as never],
    ["sub", { sub: 5 } as never],
    ["ttl", { sub: "alice", ttl: 60 } as never],
    ["ttlSeconds", { sub: "alice", ttlSeconds: -60 }],
    ["scope", { sub: "alice", scope: ["relay:admin"] } as never],
    ["claims", { sub: "alice", claims: "{}" } as never],
  ])("signs no token where an option is wrong: %s", async (option, wrong) => {
    stateDirectory();
    await expect(mintDevelopmentToken(wrong)).rejects.toMatchObject({
      code: "ERR_QUICPIPE_OPTION_INVALID",
      details: { option },
    });
  });

  it.each(["", ".", ".."])(
    "signs no token for a peer called %j, which no relay would accept",
    async (sub) => {
      stateDirectory();
      await expect(mintDevelopmentToken({ sub })).rejects.toMatchObject({
        code: "ERR_QUICPIPE_OPTION_INVALID",
      });
    },
  );

  it("is refused when others can read it", async () => {
    const path = join(stateDirectory(), "quicpipe", "development.key");
    await mintDevelopmentToken({ sub: "alice" });
    await chmod(path, 0o644);
    const relay = quicpipe({ host: "127.0.0.1", port: 0, logger: false });
    await expect(relay.listen()).rejects.toMatchObject({ code: "ERR_QUICPIPE_STATE_UNAVAILABLE" });
    await chmod(path, 0o600);
    await relay.listen();
    await relay.close();
  });

  it("is not used in production, which needs a decision", () => {
    vi.stubEnv("NODE_ENV", "production");
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(() => quicpipe()).toThrow(expect.objectContaining({ code: "ERR_QUICPIPE_AUTH_REQUIRED" }));
    expect(() => quicpipe({ auth: "none", logger: false })).not.toThrow();
  });
});

function unsigned(): string {
  return new UnsecuredJWT({ sub: "alice" }).setExpirationTime("1m").encode();
}

async function foreignlySigned(): Promise<string> {
  const { privateKey } = await generateKeyPair("ES256");
  return new SignJWT({ sub: "alice" })
    .setExpirationTime("1m")
    .setProtectedHeader({ alg: "ES256", kid: "key-0" })
    .sign(privateKey);
}
