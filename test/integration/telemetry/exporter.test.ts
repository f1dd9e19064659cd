import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { context, diag, DiagLogLevel, metrics, trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { describe, expect, it, onTestFinished } from "vitest";
import { connectPeers, echo, roundTrip } from "../harness/peers.ts";
import { call, serveRelay } from "../harness/relay-app.ts";
import { freePort } from "../harness/network/ports.ts";
import { secret, tokenFor } from "../harness/token.ts";

/** Exports as fast as it goes, to a place from where nothing comes back, and waits so long for it. */
function startSdk(url: string, timeoutMillis: number): void {
  const often = {
    exportTimeoutMillis: timeoutMillis,
    scheduledDelayMillis: 10,
    maxQueueSize: 64,
    maxExportBatchSize: 32,
  };
  const traceExporter = new OTLPTraceExporter({ url: `${url}/v1/traces`, timeoutMillis });
  const metricExporter = new OTLPMetricExporter({ url: `${url}/v1/metrics`, timeoutMillis });
  const spanProcessors = [new BatchSpanProcessor({ exporter: traceExporter, ...often })];
  const reader = new PeriodicExportingMetricReader({
    exporter: metricExporter,
    exportIntervalMillis: timeoutMillis + 10,
    exportTimeoutMillis: timeoutMillis,
  });
  const providers = [
    new TracerProvider({ spanProcessors }),
    new MeterProvider({ readers: [reader] }),
  ] as const;
  trace.setGlobalTracerProvider(providers[0]);
  metrics.setGlobalMeterProvider(providers[1]);
  onTestFinished(async () => {
    for (const api of [trace, metrics, context, diag]) api.disable();
    await Promise.allSettled(providers.map((provider) => provider.shutdown()));
  });
}

interface SilentServer {
  readonly url: string;
  /** Those that wait for an answer. */
  readonly waiting: ReadonlySet<ServerResponse>;
  /** Whether anybody did not wait for it any more. */
  readonly wasGivenUp: () => boolean;
  /** Answers what waits, and from now on everything. */
  readonly speak: () => void;
}

/** An HTTP server that takes everything and answers nothing until it is told to. */
async function startSilentServer(): Promise<SilentServer> {
  const waiting = new Set<ServerResponse>();
  const state = { isSilent: true, wasGivenUp: false };
  const server = createServer((request, response) => {
    request.resume();
    if (!state.isSilent) return void response.end();
    waiting.add(response);
    response.on("close", () => (state.wasGivenUp ||= state.isSilent));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    waiting,
    wasGivenUp: () => state.wasGivenUp,
    speak: () => {
      state.isSilent = false;
      for (const response of waiting) response.end();
    },
  };
}

/** Everything that a relay does, which must go as if nobody listened. */
async function useRelay(): Promise<void> {
  const { near, far, relay } = await connectPeers();
  void echo(far);
  const text = "x".repeat(200_000);
  expect(await roundTrip(near, text)).toBe(text);
  expect(relay.stats().dropped).toMatchObject({ "rate-limited": 0, "send-failed": 0, "send-buffer-full": 0 });
  const { url, relay: app } = await serveRelay({ auth: { secret }, limits: { requestsPerMinute: 1000 } });
  const token = await tokenFor("alice");
  // More spans than the queue takes, by far.
  for (let i = 0; i < 300; i++) {
    const key = Buffer.alloc(32, i % 8).toString("base64");
    const { status } = await call("POST", `${url}/v1/register`, {
      token,
      body: Buffer.from(JSON.stringify({ key, num: 1 })),
    });
    expect(status).toBe(200);
  }
  await Promise.all([relay.close(), app.close()]);
}

const ignore = (): void => undefined;

describe("an exporter", () => {
  it("that never gets an answer holds nothing up", async () => {
    const { url, waiting, wasGivenUp, speak } = await startSilentServer();
    startSdk(url, 120_000);
    onTestFinished(speak);
    await useRelay();
    // All is over, and the exporter still waits for its first answer.
    expect(waiting.size).toBeGreaterThan(0);
    expect(wasGivenUp()).toBe(false);
  });

  it("whose collector is dead holds nothing up", async () => {
    const complaints: string[] = [];
    const complain = (message: string): void => void complaints.push(message);
    startSdk(`http://127.0.0.1:${await freePort()}`, 50);
    const logger = { error: complain, warn: complain, info: ignore, debug: ignore, verbose: ignore };
    diag.setLogger(logger, { logLevel: DiagLogLevel.WARN });
    await useRelay();
    await expect.poll(() => complaints.length).toBeGreaterThan(0);
  });
});
