// A relay with telemetry: spans and metrics by OTLP over HTTP, and metrics for Prometheus.
//
//   node examples/telemetry/relay.ts
//
// OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 is the collector, METRICS_PORT=9464 the port for Prometheus,
// PORT=4433 the public UDP port. docs/telemetry.md describes the spans and metrics.
import { H3 } from "h3";
import { quicpipe } from "quicpipe";
import { developmentCertificate, serveHttp3 } from "quicpipe/gateway";
import { startTelemetry } from "./sdk.ts";

// Before the relay listens, as it uses the providers that are registered then.
const telemetry = await startTelemetry("quicpipe-relay", Number(process.env["METRICS_PORT"] ?? 9464));

const app = new H3().get("/", () => "This relay tells what it does.\n");
const gateway = await serveHttp3(app, {
  ...(await developmentCertificate()),
  sourceOf: (address, port) => relay.sourceOf(address, port),
});
const relay = quicpipe({
  port: Number(process.env["PORT"] ?? 4433),
  upstream: { port: gateway.port },
  // At most one hour per span, for peers that stay for days.
  telemetry: { intervalMs: 3_600_000 },
});
app.use(relay);
await relay.listen();
console.log(`listening on 127.0.0.1:${relay.address().port} (UDP), metrics at ${telemetry.metricsUrl}`);

for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stop);

async function stop(): Promise<void> {
  const { relayed, backend } = relay.stats();
  // The gateway first: its closing packets to the clients pass through the relay.
  await gateway.close();
  // Closing the relay ends its spans; shutting down the SDK then exports the rest.
  await relay.close();
  await telemetry.shutdown();
  console.log(`relayed ${relayed.packets} packets, ${relayed.bytes} bytes (${backend})`);
  process.exit(0);
}
