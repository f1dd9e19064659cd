/**
 * The native backend with the sessions of a workload, each with a recorded span, and with metrics that the
 * OpenTelemetry SDK collects each second and exports by OTLP over HTTP.
 *
 *   telemetry <file of connection IDs> <IDs per session> <client> <client's port> <sink>
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { metrics, trace } from "@opentelemetry/api";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { createForwarder, type SessionId, type SessionSpec } from "../../src/forwarder/index.ts";
import { createMailboxCounts } from "../../src/plugin/mailbox/mailbox.ts";
import { telemetryFigures } from "../../src/plugin/stats/stats.ts";
import { createSweeper } from "../../src/registry/index.ts";
import { loadRelayTelemetry } from "../../src/telemetry/index.ts";
import { cidBytes } from "../../src/wire/connection-id.ts";
import { firstSinkPort } from "../rig/workload.ts";
import { nodeCommand } from "../rig/native/program.ts";
import { serveUntilEnd } from "../rig/served.ts";
import { forwarderOptions, sessionSpec } from "./forwarder.ts";

const collectionMs = 1000;
const [path, cidsPerSession, client, clientPort, sink] = process.argv.slice(2);

await startSdk();
const forwarder = await createForwarder(forwarderOptions("native"));
const mailboxCounts = createMailboxCounts();
const sessions = new Map<string, SessionId>();
const open = await loadRelayTelemetry({});
const telemetry = open({
  backend: forwarder.backend,
  figures: () => telemetryFigures({ forwarder, stunPort: undefined, mailboxCounts }),
  trafficOf: (id) => forwarder.countersOf(sessions.get(id)!),
  now: Date.now,
});
createSweeper([() => telemetry.watch()]);

register(sessionSpec(forwarder, new Uint8Array(), client!, Number(clientPort)));
const cids = readFileSync(path!);
const sessionBytes = Number(cidsPerSession) * cidBytes;
for (let at = 0, port = firstSinkPort; at < cids.length; at += sessionBytes, port++)
  register(sessionSpec(forwarder, cids.subarray(at, at + sessionBytes), sink!, port));
serveUntilEnd(forwarder.address().port);

function register(spec: SessionSpec): void {
  const id = String(sessions.size);
  sessions.set(id, forwarder.openSession(spec));
  const { address } = spec;
  telemetry.observer.opened({ id, subject: id, address, registeredAtMs: Date.now() });
}

/** Exports to the default OTLP endpoint, and starts a collector there that ends with this process. */
async function startSdk(): Promise<void> {
  const [program, ...script] = nodeCommand("controls/otlp-sink.ts");
  const collector = spawn(program!, script, { stdio: ["pipe", "pipe", "inherit"] });
  await once(collector.stdout, "data");
  const exportIntervalMillis = collectionMs;
  const reader = new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter(),
    exportIntervalMillis,
  });
  const spanProcessors = [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })];
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors }));
}
