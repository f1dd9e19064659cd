import type { SpanContext } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { describe, expect, it } from "vitest";
import { loadPeerTelemetry, type PathTrace } from "../../../src/telemetry/index.ts";
import { createSdk, type TestSdk } from "./sdk.ts";

const remote = "192.0.2.1:443";
const remote6 = "[2001:db8::1]:443";

interface Setup extends TestSdk {
  readonly paths: PathTrace;
  readonly dial: SpanContext;
  /** The spans of searches that have ended. */
  searches(): ReadableSpan[];
}

/** A connection that a dial has made. */
async function dialed(): Promise<Setup> {
  const sdk = createSdk();
  const telemetry = await loadPeerTelemetry(true, () => Promise.resolve(sdk.api));
  const paths = await telemetry.dial((trace) => Promise.resolve(trace.paths()));
  const [dial] = sdk.spans();
  const searches = (): ReadableSpan[] => sdk.spans().filter(({ name }) => name === "quicpipe.direct");
  return { ...sdk, paths, dial: dial!.spanContext(), searches };
}

async function counts({ collect }: TestSdk): Promise<Readonly<Record<string, unknown>>> {
  const { "quicpipe.direct.search.duration": _, ...rest } = await collect();
  return rest;
}

describe("the trace of a connection's paths", () => {
  it("has a span from the dial's end until packets take a direct path", async () => {
    const setup = await dialed();
    const { paths, dial, searches } = setup;
    paths.opened();
    paths.tell({ kind: "opened" });
    expect(searches()).toEqual([]);
    paths.tell({ kind: "selected", remote: remote6, rttMs: 12.5 });
    const [search] = searches();
    expect(search!.parentSpanContext).toMatchObject({ traceId: dial.traceId, spanId: dial.spanId });
    expect(search!.attributes).toEqual({
      "quicpipe.direct.outcome": "direct",
      "quicpipe.direct.rtt_ms": 12.5,
      "network.type": "ipv6",
    });
    expect(Object.keys((await setup.collect())["quicpipe.direct.search.duration"]!)).toEqual(["direct ipv6"]);
  });

  it("tells why the relay carries the packets, and is no error", async () => {
    const setup = await dialed();
    setup.paths.opened();
    setup.paths.tell({ kind: "refused", reason: "checks-timeout" });
    const [search] = setup.searches();
    expect(search!.attributes).toEqual({
      "quicpipe.direct.outcome": "relay",
      "quicpipe.direct.reason": "checks-timeout",
    });
    expect(search!.status.code).toBe(setup.api.SpanStatusCode.UNSET);
    expect(await counts(setup)).toEqual({
      "quicpipe.direct.changes": { "refused checks-timeout": 1 },
      "quicpipe.connection.active": { relay: 1 },
    });
  });

  it("has another span from the loss of a path until there is one again, for as long as its address rests", async () => {
    const { paths, dial, searches } = await dialed();
    paths.opened();
    paths.tell({ kind: "selected", remote, rttMs: 5 });
    paths.tell({ kind: "suspect" });
    paths.tell({ kind: "lost", reason: "checks-timeout" });
    paths.tell({ kind: "refused", reason: "quarantined" });
    expect(searches()).toHaveLength(1);
    paths.tell({ kind: "selected", remote, rttMs: 6 });
    expect(searches()[1]!.attributes).toEqual({
      "quicpipe.direct.lost_reason": "checks-timeout",
      "quicpipe.direct.outcome": "direct",
      "quicpipe.direct.rtt_ms": 6,
      "network.type": "ipv4",
    });
    expect(searches()[1]!.parentSpanContext!.spanId).toBe(dial.spanId);
  });

  it("counts what happens to paths, and where connections are", async () => {
    const setup = await dialed();
    const { paths } = setup;
    paths.opened();
    paths.tell({ kind: "selected", remote, rttMs: 5 });
    paths.tell({ kind: "suspect" });
    // Trusted again, on the path that it was on.
    paths.tell({ kind: "selected", remote, rttMs: 5 });
    const active = async (): Promise<unknown> => (await setup.collect())["quicpipe.connection.active"];
    expect(await active()).toEqual({ relay: 0, direct: 1 });
    paths.tell({ kind: "lost", reason: "lossy" });
    expect(await counts(setup)).toEqual({
      "quicpipe.direct.changes": { selected: 2, suspect: 1, "lost lossy": 1 },
      "quicpipe.connection.active": { relay: 1, direct: 0 },
    });
    paths.closed();
    expect(await active()).toEqual({ relay: 0, direct: 0 });
  });

  it("ends with the connection, once", async () => {
    const { paths, searches, collect } = await dialed();
    paths.opened();
    paths.closed();
    paths.closed();
    expect(searches().map(({ attributes }) => attributes)).toEqual([{ "quicpipe.direct.outcome": "closed" }]);
    expect((await collect())["quicpipe.connection.active"]).toEqual({ relay: 0 });
  });

  it("has nothing of a connection that was never there", async () => {
    const { paths, searches, collect } = await dialed();
    paths.closed();
    expect(searches()).toEqual([]);
    expect(await collect()).toEqual({});
  });

  it("has no address of the other peer", async () => {
    const { paths, searches } = await dialed();
    paths.opened();
    paths.tell({ kind: "selected", remote, rttMs: 5 });
    const { attributes, events } = searches()[0]!;
    expect(JSON.stringify({ attributes, events })).not.toContain("192.0.2.1");
  });

  it("adds up over the peers of a process", async () => {
    const sdk = createSdk();
    for (const way of ["dial", "accept"] as const) {
      const telemetry = await loadPeerTelemetry(true, () => Promise.resolve(sdk.api));
      (await telemetry[way]((trace) => Promise.resolve(trace.paths()))).opened();
    }
    expect((await sdk.collect())["quicpipe.connection.active"]).toEqual({ relay: 2 });
  });
});
