// The OpenTelemetry SDK of an application. The library itself depends only on `@opentelemetry/api`.
import { context, metrics, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { defaultResource, resourceFromAttributes } from "@opentelemetry/resources";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";

/** The running SDK. The caller shuts it down, which exports the remaining data. */
export interface Telemetry {
  /** URL that Prometheus scrapes. */
  readonly metricsUrl: string;
  shutdown(): Promise<void>;
}

/** Exports spans and metrics by OTLP over HTTP to OTEL_EXPORTER_OTLP_ENDPOINT, and metrics to Prometheus at a port. */
export async function startTelemetry(serviceName: string, metricsPort: number): Promise<Telemetry> {
  const resource = defaultResource().merge(resourceFromAttributes({ "service.name": serviceName }));
  const spanProcessors = [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })];
  const tracerProvider = new TracerProvider({ resource, spanProcessors });
  const prometheus = new PrometheusExporter({
    host: "127.0.0.1",
    port: metricsPort,
    preventServerStart: true,
  });
  const otlp = new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter() });
  const meterProvider = new MeterProvider({ resource, readers: [otlp, prometheus] });
  await prometheus.startServer();
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(tracerProvider);
  metrics.setGlobalMeterProvider(meterProvider);
  return {
    metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
    shutdown: async () =>
      void (await Promise.allSettled([tracerProvider.shutdown(), meterProvider.shutdown()])),
  };
}
