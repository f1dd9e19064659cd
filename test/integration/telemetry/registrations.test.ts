import { metrics, trace } from "@opentelemetry/api";
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { describe, expect, it, onTestFinished } from "vitest";
import { connectPeers } from "../harness/peers.ts";
import { call, serveRelay } from "../harness/relay-app.ts";
import { adminToken, secret, tokenFor } from "../harness/token.ts";

/** The real SDK, which keeps the spans that end. */
function startSdk(): InMemorySpanExporter {
  const exporter = new InMemorySpanExporter();
  trace.setGlobalTracerProvider(
    new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }),
  );
  onTestFinished(() => {
    for (const api of [trace, metrics]) api.disable();
  });
  return exporter;
}

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";

/** Registers with a key, as part of a caller's trace; gives the id. */
async function register(url: string, key: number): Promise<string> {
  const { body } = await call("POST", `${url}/v1/register`, {
    token: await tokenFor("alice"),
    headers: { traceparent: `00-${traceId}-${spanId}-01` },
    body: { key: Buffer.alloc(32, key).toString("base64"), num: 1 },
  });
  return body.id;
}

function endOf({ attributes }: ReadableSpan): unknown[] {
  return [attributes["quicpipe.registration.id"], attributes["quicpipe.registration.end_reason"]];
}

describe("the span of a registration over HTTP", () => {
  it("is one however often it is refreshed, is the caller's, and ends with the reason", async () => {
    const exporter = startSdk();
    const { url, relay } = await serveRelay({ auth: { secret } });
    const [ended, revoked, kept] = [await register(url, 1), await register(url, 2), await register(url, 3)];
    expect(await register(url, 1)).toBe(ended);
    const token = await tokenFor("alice");
    await call("DELETE", `${url}/v1/register/${ended}`, { token });
    const admin = await adminToken();
    const { status } = await call("DELETE", `${url}/v1/registrations/${revoked}`, { token: admin });
    expect(status).toBe(204);
    await relay.close();

    const all = exporter.getFinishedSpans();
    const relayed = all.filter(({ name }) => name === "quicpipe.relay");
    expect(relayed.map(endOf)).toEqual([
      [ended, "ended"],
      [revoked, "revoked"],
      [kept, "closed"],
    ]);
    const requests = all.filter(({ name }) => name === "quicpipe.register");
    expect(requests).toHaveLength(4);
    for (const { parentSpanContext } of [...relayed, ...requests])
      expect(parentSpanContext).toMatchObject({ traceId, spanId, isRemote: true });
  });

  it("is not made for whom no token lets in", async () => {
    const exporter = startSdk();
    const { url } = await serveRelay({ auth: { secret } });
    const { status } = await call("POST", `${url}/v1/register`, { body: { key: "", num: 1 } });
    expect(status).toBe(401);
    expect(exporter.getFinishedSpans()).toEqual([]);
  });

  it("says with which code the relay refused, and makes no span of a registration then", async () => {
    const exporter = startSdk();
    const { url } = await serveRelay({ auth: { secret } });
    const token = await tokenFor("alice");
    await call("POST", `${url}/v1/register`, { token, body: { key: "c2hvcnQ=", num: 1 } });
    const [span, ...others] = exporter.getFinishedSpans();
    expect(others).toEqual([]);
    expect(span!.attributes).toEqual({ "error.type": "ERR_QUICPIPE_KEY_INVALID" });
    expect(JSON.stringify([span!.attributes, span!.events, span!.status])).not.toContain("c2hvcnQ");
  });
});

describe("a peer with telemetry: false", () => {
  it("makes no span, and tells the relay of no trace", async () => {
    const exporter = startSdk();
    const off = { telemetry: false };
    const { alice, bob, relay } = await connectPeers({ alice: off, bob: off });
    await Promise.all([alice.close(), bob.close()]);
    await relay.close();
    const all = exporter.getFinishedSpans();
    const names = ["quicpipe.mailbox.send", "quicpipe.mailbox.take", "quicpipe.relay"];
    expect([...new Set(all.map(({ name }) => name))].sort()).toEqual(names);
    expect(all.filter(({ parentSpanContext }) => parentSpanContext)).toEqual([]);
  });
});
