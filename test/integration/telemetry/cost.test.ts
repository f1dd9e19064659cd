import { MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from "@opentelemetry/sdk-trace";
import { metrics, trace } from "@opentelemetry/api";
import { describe, expect, it, onTestFinished } from "vitest";
import { sweepBatch, telemetryWatchMs } from "../../../src/defaults/index.ts";
import { createForwarder, type Forwarder, type SessionId } from "../../../src/forwarder/index.ts";
import { resolveLimits } from "../../../src/plugin/options/limits.ts";
import { MemoryMailbox } from "../../../src/plugin/mailbox/memory.ts";
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

/** Telemetry of a relay that holds so many registrations, each with a span. */
async function openRelay(count: number): Promise<RelayTelemetry> {
  const forwarder = await openForwarder();
  const mailbox = new MemoryMailbox(resolveLimits(undefined), Date.now);
  const sessions = new Map<string, SessionId>();
  const telemetry = (await loadRelayTelemetry({}))({
    backend: forwarder.backend,
    figures: () => telemetryFigures(forwarder, undefined, mailbox),
    trafficOf: (id) => forwarder.countersOf(sessions.get(id)!),
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
  return telemetry;
}

function median(figures: readonly number[]): number {
  return figures.toSorted((one, other) => one - other)[figures.length >> 1]!;
}

/** Looks at every registration, as the relay's sweeper does; what each turn of the event loop takes, in ms. */
function lookTurnsMs(telemetry: RelayTelemetry): number[] {
  nowMs += telemetryWatchMs;
  const watch = telemetry.watch();
  const turnsMs: number[] = [];
  for (let isDone = false; !isDone;) {
    const startedAtMs = performance.now();
    for (let i = 0; i < sweepBatch; i++) isDone = watch.next().done === true;
    turnsMs.push(performance.now() - startedAtMs);
  }
  return turnsMs;
}

/** Time of one collection in ms, the least of some. */
async function collectMs(reader: MetricReader): Promise<number> {
  const collections: number[] = [];
  for (let i = 0; i < 20; i++) {
    const startedAtMs = performance.now();
    const { resourceMetrics } = await reader.collect();
    collections.push(performance.now() - startedAtMs);
    expect(resourceMetrics.scopeMetrics[0]!.metrics.length).toBeGreaterThan(5);
  }
  return Math.min(...collections);
}

describe("telemetry of 100 000 registrations", () => {
  it("collects as fast as that of ten, and looks at them in turns of one length", async () => {
    const reader = startSdk();
    const few = await openRelay(10);
    const fewMs = await collectMs(reader);
    few.close();
    const telemetry = await openRelay(registrations);
    // A collection is one turn of the event loop: it must not look at each.
    expect((await collectMs(reader)) / fewMs).toBeLessThan(10);
    // What is part of a turn comes in each round; the machine's noise, which only adds, does not.
    const rounds = Array.from({ length: 5 }, () => lookTurnsMs(telemetry));
    const turns = rounds[0]!.map((_, i) => Math.min(...rounds.map((turnsMs) => turnsMs[i]!)));
    expect(turns.length).toBe(Math.floor(registrations / sweepBatch) + 1);
    expect(Math.max(...turns) / median(turns)).toBeLessThan(10);
  });
});
