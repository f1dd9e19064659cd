import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { QuicpipeOptions } from "../../../src/index.ts";
import { scopes } from "../../../src/protocol.ts";
import { checkWithPromtool, type ReadFamily, readExposition } from "../harness/exposition.ts";
import { call, serveRelay } from "../harness/relay-app.ts";
import { adminToken, secret, tokenFor } from "../harness/token.ts";
import { register } from "../harness/udp-peer.ts";

const auth = { secret };

function metricsToken(): Promise<string> {
  return tokenFor("prometheus", { scope: scopes.metrics });
}

/** The values of a family by its labels. */
function valuesOf(page: Map<string, ReadFamily>, name: string): Record<string, number> {
  return Object.fromEntries(page.get(name)?.series ?? expect.fail(`no ${name}`));
}

describe("GET /v1/metrics", () => {
  it("is the app's unless it is asked for", async () => {
    for (const options of [{}, { metrics: false }] satisfies QuicpipeOptions[]) {
      const { url, relay } = await serveRelay({ auth, ...options });
      const response = await fetch(`${url}/v1/metrics`);
      expect([response.status, response.headers.get("www-authenticate")]).toEqual([404, null]);
      expect(relay.stats().refused).toEqual({});
    }
  });

  it("needs a token with a scope of its own, or an administrator's", async () => {
    const { url } = await serveRelay({ auth, metrics: true });
    const peer = [scopes.register, scopes.send, scopes.receive].join(" ");
    const ask = async (token?: string): Promise<unknown> => {
      const { status, body } = await call("GET", `${url}/v1/metrics`, { token });
      return body.code ?? status;
    };
    expect(await ask()).toBe("ERR_QUICPIPE_TOKEN_MISSING");
    expect(await ask(await tokenFor("alice", { scope: peer }))).toBe("ERR_QUICPIPE_SCOPE_MISSING");
    expect(await ask(await metricsToken())).toBe(200);
    expect(await ask(await adminToken())).toBe(200);
  });

  it("gives its own scope no other right", async () => {
    const { url } = await serveRelay({ auth, metrics: true });
    for (const path of ["/v1/stats", "/v1/registrations", "/v1/messages"])
      expect((await call("GET", url + path, { token: await metricsToken() })).status).toBe(403);
  });

  it("is closed to everybody where there is no authentication", async () => {
    const { url } = await serveRelay({ auth: "none", metrics: true });
    expect((await call("GET", `${url}/v1/metrics`)).status).toBe(403);
  });

  it("is a page of text format 0.0.4 with the relay's figures, and with no name, address or ID of a peer", async () => {
    const app = await serveRelay({ auth, metrics: true, stunPort: 0 });
    const { id } = await register(app, "alice", randomBytes(32));
    await call("GET", `${app.url}/v1/stats`, { token: await metricsToken() });
    const { text, headers } = await call("GET", `${app.url}/v1/metrics`, { token: await metricsToken() });
    expect(headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(headers.get("cache-control")).toBe("no-store");
    checkWithPromtool(text);
    const page = readExposition(text);
    expect(valuesOf(page, "quicpipe_registration_active")).toEqual({ "": 1 });
    expect(valuesOf(page, "quicpipe_registration_cids")).toEqual({ "": 4 });
    expect(valuesOf(page, "quicpipe_ready")).toEqual({ "": 1 });
    expect(valuesOf(page, "quicpipe_requests_refused_total")).toEqual({
      '{error_type="ERR_QUICPIPE_SCOPE_MISSING"}': 1,
    });
    expect(Object.keys(valuesOf(page, "quicpipe_stun_port_messages_total"))).toContain(
      '{quicpipe_stun_outcome="answered"}',
    );
    expect(valuesOf(page, "process_start_time_seconds")[""]! * 1000).toBeCloseTo(performance.timeOrigin, 0);
    expect(text).not.toMatch(new RegExp(`alice|${id}|127\\.0\\.0\\.1`));
  });

  it("says of a relay that drains that it is not ready", async () => {
    const { url, relay } = await serveRelay({ auth, metrics: { path: "" } });
    relay.drain();
    const { text } = await call("GET", `${url}/metrics`, { token: await metricsToken() });
    expect(valuesOf(readExposition(text), "quicpipe_ready")).toEqual({ "": 0 });
  });
});

it("a relay's handle gives the same page, for a listener of the app's", async () => {
  const { relay } = await serveRelay({ auth });
  const { metrics } = relay;
  expect(readExposition(metrics()).has("quicpipe_relay_packets_total")).toBe(true);
  await relay.close();
  expect(metrics).toThrow(expect.objectContaining({ code: "ERR_QUICPIPE_CLOSED" }));
});
