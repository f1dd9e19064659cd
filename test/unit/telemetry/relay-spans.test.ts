import { type Context, ROOT_CONTEXT, type SpanContext } from "@opentelemetry/api";
import { AlwaysOffSampler, type ReadableSpan } from "@opentelemetry/sdk-trace";
import { beforeEach, describe, expect, it } from "vitest";
import type { RelayedRegistration, RelayedTraffic } from "../../../src/telemetry/contract.ts";
import { RelaySpans } from "../../../src/telemetry/relay-spans.ts";
import { noCounters } from "../registry/fake-forwarder.ts";
import { createSdk, type TestSdk } from "./sdk.ts";

const startMs = Date.UTC(2026, 0, 1);

let nowMs: number;
let sdk: TestSdk;
let traffic: Map<string, RelayedTraffic>;
let looks: number;

beforeEach(() => {
  nowMs = startMs;
  sdk = createSdk();
  traffic = new Map();
  looks = 0;
});

function trafficOf(id: string): RelayedTraffic | undefined {
  looks++;
  return traffic.get(id);
}

function createSpans(intervalMs?: number): RelaySpans {
  return new RelaySpans({ ...sdk, backend: "native", trafficOf, intervalMs, now: () => nowMs });
}

function registration(id: string): RelayedRegistration {
  const address = { address: "203.0.113.7", port: 4433 };
  return { id, subject: "alice", address, registeredAtMs: nowMs };
}

function open(spans: RelaySpans, id = "one", start: RelayedTraffic = noCounters): RelayedRegistration {
  traffic.set(id, start);
  const opened = registration(id);
  spans.opened(opened);
  return opened;
}

function later(spans: RelaySpans, ms: number): void {
  nowMs += ms;
  Array.from(spans.watch());
}

function eventsOf({ events }: ReadableSpan): unknown[] {
  return events.map(({ name, time: [seconds, ns], attributes }) => ({
    name,
    atMs: seconds * 1000 + ns / 1e6 - startMs,
    attributes,
  }));
}

const caller: SpanContext = { traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: 1 };

describe("the span of a registration", () => {
  it("lasts as long as the registration, below what its request is part of", () => {
    const spans = createSpans();
    const parent: Context = sdk.api.trace.setSpanContext(ROOT_CONTEXT, caller);
    const one = spans.opening(parent, () => open(spans));
    expect(sdk.spans()).toEqual([]);
    nowMs += 60_000;
    spans.ended(one, "expired", {
      ...noCounters,
      packetsTo: 2,
      bytesTo: 2400,
      packetsFrom: 1,
      bytesFrom: 1200,
    });
    const [span] = sdk.spans();
    expect(span!.name).toBe("quicpipe.relay");
    expect(span!.parentSpanContext?.spanId).toBe(caller.spanId);
    expect(span!.duration).toEqual([60, 0]);
    expect(span!.attributes).toEqual({
      "quicpipe.registration.id": "one",
      "user.id": "alice",
      "network.transport": "udp",
      "network.protocol.name": "quic",
      "network.peer.address": "203.0.113.7",
      "network.peer.port": 4433,
      "network.type": "ipv4",
      "quicpipe.registration.end_reason": "expired",
      "quicpipe.relay.packets_from": 1,
      "quicpipe.relay.bytes_from": 1200,
      "quicpipe.relay.packets_to": 2,
      "quicpipe.relay.bytes_to": 2400,
      "quicpipe.relay.packets_limited": 0,
      "quicpipe.relay.packets_offloaded": 0,
      "quicpipe.path": "user",
      "quicpipe.backend": "native",
    });
  });

  it("belongs to no trace if another request opened one before", () => {
    const spans = createSpans();
    spans.opening(sdk.api.trace.setSpanContext(ROOT_CONTEXT, caller), () => open(spans));
    const other = open(spans, "other");
    spans.ended(other, "ended", noCounters);
    expect(sdk.spans()[0]!.parentSpanContext).toBeUndefined();
  });

  it("has the first packet at the time of the data plane, whenever it is noticed", () => {
    const spans = createSpans();
    const one = open(spans);
    const forwarded = { ...noCounters, packetsTo: 1, bytesTo: 1200, firstForwardedAtMs: startMs + 40 };
    traffic.set("one", forwarded);
    later(spans, 5000);
    later(spans, 5000);
    spans.ended(one, "ended", forwarded);
    expect(eventsOf(sdk.spans()[0]!)).toEqual([
      {
        name: "quicpipe.relay.first_packet",
        atMs: 40,
        attributes: { "quicpipe.path": "user", "quicpipe.backend": "native" },
      },
    ]);
  });

  it("has the first packet even if the registration ends before the first check", () => {
    const spans = createSpans();
    const one = open(spans);
    spans.ended(one, "ended", {
      ...noCounters,
      packetsTo: 1,
      packetsOffloaded: 1,
      firstForwardedAtMs: startMs + 7,
    });
    expect(eventsOf(sdk.spans()[0]!)).toMatchObject([
      {
        name: "quicpipe.relay.first_packet",
        atMs: 7,
        attributes: { "quicpipe.path": "kernel", "quicpipe.backend": "native" },
      },
      { name: "quicpipe.relay.offloaded" },
    ]);
    expect(sdk.spans()[0]!.attributes["quicpipe.path"]).toBe("kernel");
  });

  it("tells once when the kernel takes over and when its rate is limited, and each time that it moves", () => {
    const spans = createSpans();
    const one = open(spans);
    const busy = { ...noCounters, packetsTo: 9, packetsOffloaded: 4, firstForwardedAtMs: startMs };
    traffic.set("one", busy);
    later(spans, 5000);
    const limited = { ...busy, packetsTo: 20, packetsOffloaded: 15, packetsLimited: 3 };
    traffic.set("one", limited);
    later(spans, 5000);
    spans.moved({ ...one, address: { address: "2001:db8::1", port: 5 } });
    spans.moved({ ...one, address: { address: "203.0.113.8", port: 5 } });
    later(spans, 5000);
    spans.ended(one, "ended", limited);
    expect(eventsOf(sdk.spans()[0]!)).toMatchObject([
      {
        name: "quicpipe.relay.first_packet",
        atMs: 0,
        attributes: { "quicpipe.path": "user", "quicpipe.backend": "native" },
      },
      { name: "quicpipe.relay.offloaded", atMs: 5000 },
      { name: "quicpipe.relay.limited", atMs: 10_000 },
      { name: "quicpipe.relay.moved", attributes: { "network.type": "ipv6", "network.peer.port": 5 } },
      { name: "quicpipe.relay.moved", attributes: { "network.peer.address": "203.0.113.8" } },
    ]);
  });

  it("leaves out what an adopted session did for an earlier process", () => {
    const spans = createSpans();
    const earlier = {
      ...noCounters,
      packetsTo: 100,
      packetsOffloaded: 90,
      firstForwardedAtMs: startMs - 9000,
    };
    const one = open(spans, "one", earlier);
    later(spans, 5000);
    spans.ended(one, "ended", { ...earlier, packetsTo: 103 });
    const [span] = sdk.spans();
    expect(span!.events).toEqual([]);
    expect(span!.attributes).toMatchObject({
      "quicpipe.relay.packets_to": 3,
      "quicpipe.path": "user",
      "quicpipe.backend": "native",
    });
  });

  it("is followed by a linked one after each interval, with the traffic of its own time", () => {
    const spans = createSpans(60_000);
    const one = open(spans);
    traffic.set("one", { ...noCounters, packetsTo: 5, firstForwardedAtMs: startMs + 1 });
    later(spans, 59_000);
    expect(sdk.spans()).toEqual([]);
    later(spans, 5000);
    const moved = { ...noCounters, packetsTo: 12, firstForwardedAtMs: startMs + 1 };
    spans.ended(one, "ended", moved);
    const [first, second] = sdk.spans();
    expect(first!.attributes).toMatchObject({ "quicpipe.relay.packets_to": 5 });
    expect(first!.attributes).not.toHaveProperty(["quicpipe.registration.end_reason"]);
    expect(second!.attributes).toMatchObject({ "quicpipe.relay.packets_to": 7 });
    expect(second!.links.map(({ context }) => context.spanId)).toEqual([first!.spanContext().spanId]);
    expect(second!.startTime).toEqual(first!.endTime);
    expect(second!.events).toEqual([]);
  });

  it("is linked to that of the other end of a connection, and the other way round", () => {
    const spans = createSpans();
    const [alice, bob] = [open(spans, "alice"), open(spans, "bob")];
    spans.pair("alice", "bob");
    spans.pair("alice", "gone");
    for (const each of [alice, bob]) spans.ended(each, "ended", noCounters);
    const [near, far] = sdk.spans();
    expect(near!.links.map(({ context }) => context)).toEqual([far!.spanContext()]);
    expect(far!.links.map(({ context }) => context)).toEqual([near!.spanContext()]);
  });

  it("costs no check where it is not recorded, and none before its time", () => {
    sdk = createSdk({ sampler: new AlwaysOffSampler() });
    const unsampled = createSpans();
    const one = open(unsampled);
    looks = 0;
    later(unsampled, 5000);
    unsampled.ended(one, "ended", noCounters);
    expect([looks, sdk.spans().length]).toEqual([0, 0]);
    sdk = createSdk();
    const sampled = createSpans();
    open(sampled);
    later(sampled, 5000);
    looks = 0;
    later(sampled, 4999);
    expect(looks).toBe(0);
    later(sampled, 1);
    expect(looks).toBe(1);
  });
});
