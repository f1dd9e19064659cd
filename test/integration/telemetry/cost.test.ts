import { MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from "@opentelemetry/sdk-trace";
import { metrics, trace } from "@opentelemetry/api";
import { describe, expect, it, onTestFinished } from "vitest";
import { sweepBatch, telemetryWatchMs } from "../../../src/defaults/index.ts";
import { createForwarder, type Forwarder, type SessionId } from "../../../src/forwarder/index.ts";
import { createMailboxCounts } from "../../../src/plugin/mailbox/mailbox.ts";
import { telemetryFigures } from "../../../src/plugin/stats/stats.ts";
import { loadRelayTelemetry, type RelayTelemetry } from "../../../src/telemetry/index.ts";
import { forwarderOptions } from "../harness/forwarder-options.ts";

const registrations = 100_000;
let nowMs = Date.UTC(2026, 0, 1);

class PullReader extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }
  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}

const nowhere: SpanExporter = {
  export: (_spans, done) => done({ code: 0 }),
  shutdown: () => Promise.resolve(),
};

/** The real SDK, which records every span and is collected on demand. */
function startSdk(): MetricReader {
  const reader = new PullReader();
  const spanProcessors = [new BatchSpanProcessor({ exporter: nowhere })];
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors }));
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  onTestFinished(() => {
    for (const api of [trace, metrics]) api.disable();
  });
  return reader;
}

async function openForwarder(): Promise<Forwarder> {
  const forwarder = await createForwarder(
    forwarderOptions({
      maxSessions: registrations,
      onError: (error) => expect.unreachable(error.message),
      now: () => nowMs,
    }),
  );
  onTestFinished(() => forwarder.close());
  return forwarder;
}

/** Telemetry of a relay that holds so many registrations, each with a span, and how often it asked for the traffic of one. */
async function openRelay(count: number): Promise<{ telemetry: RelayTelemetry; looks: () => number }> {
  let looks = 0;
  const forwarder = await openForwarder();
  const mailboxCounts = createMailboxCounts();
  const sessions = new Map<string, SessionId>();
  const telemetry = (await loadRelayTelemetry({}))({
    backend: forwarder.backend,
    figures: () => telemetryFigures({ forwarder, stunPort: undefined, mailboxCounts }),
    trafficOf(id) {
      looks++;
      return forwarder.countersOf(sessions.get(id)!);
    },
    now: () => nowMs,
  });
  onTestFinished(() => telemetry.close());
  for (let i = 0; i < count; i++) {
    const id = String(i);
    const address = { address: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, port: 4433 };
    const cids = Buffer.alloc(12);
    cids.writeUInt32BE(i);
    const spec = { cids, address, bucket: forwarder.openBucket(1e6), expiresAtMs: nowMs + 1e9 };
    sessions.set(id, forwarder.openSession(spec));
    telemetry.observer.opened({ id, subject: id, address, registeredAtMs: nowMs });
  }
  return { telemetry, looks: () => looks };
}

describe("telemetry of many registrations", () => {
  it("collects without a look at any of them, and looks at a batch of them in each turn", async () => {
    const reader = startSdk();
    const { telemetry, looks } = await openRelay(4 * sweepBatch);
    const before = looks();
    const { resourceMetrics } = await reader.collect();
    expect(resourceMetrics.scopeMetrics[0]!.metrics.length).toBeGreaterThan(5);
    // A collection is one turn of the event loop.
    expect(looks()).toBe(before);
    nowMs += telemetryWatchMs;
    const watch = telemetry.watch();
    for (let turn = 1; turn <= 4; turn++) {
      for (let i = 0; i < sweepBatch; i++) watch.next();
      expect(looks()).toBe(before + turn * sweepBatch);
    }
  });
});
