import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { metrics } from "@opentelemetry/api";
import { H3 } from "h3";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { quicpipe } from "../../../src/index.ts";
import { silentLogger } from "../../../src/log.ts";
import { initialPacket } from "../harness/packets.ts";
import { call, serveRelay, useSpoiled } from "../harness/relay-app.ts";
import { secret, tokenFor } from "../harness/token.ts";
import { openSocket } from "../harness/udp-peer.ts";

/** A UDP port on loopback that is taken until it is closed. */
async function boundPort(): Promise<{ readonly port: number; close(): Promise<void> }> {
  const socket = await openSocket();
  const close = async (): Promise<void> => {
    socket.close();
    await once(socket, "close");
  };
  return { port: socket.address().port, close };
}

const key = Buffer.alloc(32, 1).toString("base64");
const auth = { secret };

describe("a relay in an app", () => {
  it("leaves every path that is not its own to the app", async () => {
    const { url } = await serveRelay({ auth });
    expect((await call("GET", `${url}/hello`)).text).toBe("hello from the app");
    for (const path of ["/v1", "/v1/registers", "/v1/openapi.json/x", "/v2/register", "/x/v1/register"])
      expect((await fetch(url + path)).headers.get("content-type")).not.toBe("application/problem+json");
  });

  it("answers unknown paths below its own with a problem", async () => {
    const { url } = await serveRelay({ auth });
    for (const path of [
      "/v1/register/a/b",
      "/v1/register/",
      "/v1/mailbox/",
      "/v1/mailbox/a/b/c",
      "/v1/mailbox//x",
    ]) {
      const { status, body } = await call("GET", url + path);
      expect([status, body.code]).toEqual([404, "ERR_QUICPIPE_NOT_FOUND"]);
    }
  });

  it.each([
    ["PUT", "/v1/register", "POST, GET, HEAD, OPTIONS"],
    ["GET", "/v1/register/x", "DELETE, OPTIONS"],
    ["DELETE", "/v1/mailbox", "GET, HEAD, OPTIONS"],
    ["GET", "/v1/mailbox/x", "POST, OPTIONS"],
    ["POST", "/v1/mailbox/x/y", "GET, DELETE, HEAD, OPTIONS"],
    ["PATCH", "/v1/mailbox/x/take", "POST, GET, DELETE, HEAD, OPTIONS"],
    ["POST", "/v1/openapi.json", "GET, HEAD, OPTIONS"],
  ])("answers %s %s with 405 and the methods that are allowed", async (method, path, allow) => {
    const { url } = await serveRelay({ auth });
    const { status, body, headers } = await call(method, url + path);
    expect([status, body.code, headers.get("allow")]).toEqual([
      405,
      "ERR_QUICPIPE_METHOD_NOT_ALLOWED",
      allow,
    ]);
    const options = await call("OPTIONS", url + path);
    expect([options.status, options.headers.get("allow")]).toEqual([204, allow]);
  });

  it("answers HEAD like GET, without a body", async () => {
    const { url } = await serveRelay({ auth });
    const { status, text } = await call("HEAD", `${url}/v1/register`, { token: await tokenFor("alice") });
    expect([status, text]).toEqual([200, ""]);
  });

  it("lives under a base path", async () => {
    const { url } = await serveRelay({ auth, basePath: "/relay" });
    const token = await tokenFor("alice");
    const { status } = await call("POST", `${url}/relay/v1/register`, { token, body: { key, num: 1 } });
    expect(status).toBe(200);
    expect((await fetch(`${url}/v1/register`)).headers.get("content-type")).not.toBe(
      "application/problem+json",
    );
    const { body } = await call("GET", `${url}/relay/v1/openapi.json`);
    expect(body.servers).toEqual([{ url: "/relay" }]);
  });

  it.each([
    ["a mounted app", (app: H3, sub: H3) => void app.mount("/sub", sub)],
    ["a mounted fetch handler", (app: H3, sub: H3) => void app.mount("/sub", sub.fetch)],
  ])("lives in %s", async (_name, mount) => {
    const { url } = await serveRelay({ auth }, { mount: (app, relay) => mount(app, new H3().use(relay)) });
    const token = await tokenFor("alice");
    const { status } = await call("POST", `${url}/sub/v1/register`, { token, body: { key, num: 1 } });
    expect(status).toBe(200);
    expect((await call("GET", `${url}/hello`)).text).toBe("hello from the app");
  });

  it("serves its OpenAPI description without a token", async () => {
    const { url } = await serveRelay({ auth });
    const { status, body } = await call("GET", `${url}/v1/openapi.json`);
    expect([status, body.openapi, body.servers]).toEqual([200, "3.1.0", [{ url: "/" }]]);
  });
});

describe("the life of a relay", () => {
  it("begins when it listens or with its first request, and ends for good when it is closed", async () => {
    const { relay, url } = await serveRelay({ auth }, { listen: false });
    const outcome = async (): Promise<unknown[]> => {
      const { status, body, headers } = await call("GET", `${url}/v1/register`);
      return [status, body.code, headers.get("retry-after")];
    };
    expect(() => relay.address()).toThrow(expect.objectContaining({ code: "ERR_QUICPIPE_CLOSED" }));
    expect(() => relay.stats()).toThrow(expect.objectContaining({ code: "ERR_QUICPIPE_CLOSED" }));
    expect((await outcome())[0]).toBe(401);
    const opened = relay.address();
    expect(await Promise.all([relay.listen(), relay.listen()])).toEqual([opened, opened]);
    await Promise.all([relay.close(), relay.close()]);
    expect(await outcome()).toEqual([503, "ERR_QUICPIPE_CLOSED", "5"]);
    expect(relay.stats().refused).toEqual({ ERR_QUICPIPE_TOKEN_MISSING: 1 });
    await expect(relay.listen()).rejects.toMatchObject({ code: "ERR_QUICPIPE_CLOSED" });
  });

  it("does not begin with requests whose socket cannot be opened, says so once, and tries again later", async () => {
    const taken = await boundPort();
    const errors: string[] = [];
    const warnings: string[] = [];
    const logger = {
      ...silentLogger,
      warn: (text: string) => void warnings.push(text),
      error: (text: string) => void errors.push(text),
    };
    const { relay, url } = await serveRelay({ auth: "none", port: taken.port, logger }, { listen: false });
    const codes = async (count: number): Promise<unknown[]> => {
      const answers = Array.from({ length: count }, () => call("GET", `${url}/v1/register`));
      return (await Promise.all(answers)).map(({ status, body }) => [status, body.code]);
    };
    for (const outcome of await codes(20)) expect(outcome).toEqual([503, "ERR_QUICPIPE_CLOSED"]);
    expect([errors.length, warnings]).toEqual([1, []]);
    await taken.close();
    await expect.poll(async () => (await codes(1))[0]).toEqual([200, undefined]);
    expect(warnings).toEqual([expect.stringContaining('auth is "none"')]);
    expect(relay.address().port).toBe(taken.port);
  });

  it("drains: refuses what is new, serves what is there, and closes when the last registration has ended", async () => {
    const { relay, url } = await serveRelay({ auth });
    const token = await tokenFor("alice");
    const { body } = await call("POST", `${url}/v1/register`, { token, body: { key, num: 1 } });
    const poll = call("GET", `${url}/v1/mailbox`, { token, headers: { prefer: "wait=60" } });
    await expect.poll(() => relay.stats().waiters).toBe(1);

    const closed = relay.close({ graceMs: 20_000 });
    expect((await poll).body).toEqual({ messages: [] });
    const other = Buffer.alloc(32, 2).toString("base64");
    const refused = await call("POST", `${url}/v1/register`, { token, body: { key: other, num: 1 } });
    expect([refused.status, refused.body.code]).toEqual([503, "ERR_QUICPIPE_DRAINING"]);
    expect(refused.headers.get("retry-after")).toBe("5");
    const packets = [initialPacket().toString("base64")];
    const unsent = await call("POST", `${url}/v1/mailbox/bob`, { token, body: { packets } });
    expect([unsent.status, unsent.body.code]).toEqual([503, "ERR_QUICPIPE_DRAINING"]);
    const refreshed = await call("POST", `${url}/v1/register`, { token, body: { key, num: 2 } });
    expect(refreshed.status).toBe(200);

    await call("DELETE", `${url}/v1/register/${body.id}`, { token });
    await closed;
  });

  it("closes after the grace time although registrations are left", async () => {
    const { relay, url } = await serveRelay({ auth });
    const token = await tokenFor("alice");
    await call("POST", `${url}/v1/register`, { token, body: { key, num: 1 } });
    const closed = relay.close({ graceMs: 150 }).then(() => "closed");
    // Timers of one process keep their order on a busy machine as well.
    expect(await Promise.race([closed, sleep(100, "still open")])).toBe("still open");
    await closed;
    expect(relay.stats()).toMatchObject({ registrations: 1, cids: 1 });
  });

  it("says why it cannot listen, and may try again", async () => {
    const { relay: first } = await serveRelay({ auth });
    const { port } = first.address();
    const second = quicpipe({ host: "127.0.0.1", port, auth, logger: false });
    await expect(second.listen()).rejects.toMatchObject({ code: "ERR_QUICPIPE_LISTEN_FAILED" });
    await first.close();
    await expect(second.listen()).resolves.toEqual({ address: "127.0.0.1", port });
    await second[Symbol.asyncDispose]();
  });

  it("lets go of its socket where what comes after it fails, and may try again", async () => {
    const held = await serveRelay({ auth });
    const { port } = held.relay.address();
    await held.relay.close();
    const fault = new SyntaxError("half a meter");
    const getMeter = vi.spyOn(metrics, "getMeter").mockImplementation(() => {
      throw fault;
    });
    onTestFinished(() => getMeter.mockRestore());
    const relay = quicpipe({ host: "127.0.0.1", port, auth, logger: false });
    for (let attempt = 0; attempt < 2; attempt++) await expect(relay.listen()).rejects.toBe(fault);
    getMeter.mockRestore();
    await expect(relay.listen()).resolves.toEqual({ address: "127.0.0.1", port });
    await relay.close();
  });

  it("shows its statistics as a page of an app", async () => {
    const { relay } = await serveRelay({ auth });
    const app = new H3({ silent: true }).get("/figures", relay.stats);
    const response = await app.request("/figures");
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ backend: relay.stats().backend, registrations: 0 });
  });

  it("tells only its log what went wrong inside", async () => {
    const error = vi.fn();
    const logger = { error, warn: vi.fn(), info: vi.fn(), debug: vi.fn() };
    // An app that spoils the request has the relay fail.
    const { relay, url } = await serveRelay({ auth: "none", logger }, { mount: useSpoiled });
    const { status, body } = await call("POST", `${url}/v1/register`, { body: {} });
    expect([status, body.code]).toEqual([500, "ERR_QUICPIPE_INTERNAL"]);
    expect(body.detail).toBe("the relay failed; its log says more");
    expect(error).toHaveBeenCalledOnce();
    expect(relay.stats().refused).toEqual({ ERR_QUICPIPE_INTERNAL: 1 });
  });
});
