import * as api from "@opentelemetry/api";
import {
  AggregationTemporality,
  type CollectionResult,
  MeterProvider,
  type MetricData,
  MetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";

/** The real SDK, for one test, registered nowhere: the API with this tracer and meter in place of the global ones. */
export interface TestSdk {
  readonly api: typeof api;
  readonly tracer: api.Tracer;
  readonly meter: api.Meter;
  /** The spans that have ended, in that order. */
  spans(): ReadableSpan[];
  /** What a collection brings: for each metric its series, named after their attributes. */
  collect(): Promise<Readonly<Record<string, Readonly<Record<string, number>>>>>;
}

class PullReader extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }
  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}

/** Makes an SDK. */
export function createSdk(options: { readonly sampler?: Sampler; readonly delta?: boolean } = {}): TestSdk {
  const exporter = new InMemorySpanExporter();
  const { sampler } = options;
  const spanProcessors = [new SimpleSpanProcessor({ exporter })];
  const tracerProvider = new TracerProvider({ spanProcessors, ...(sampler && { sampler }) });
  const temporality = options.delta ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE;
  const reader = new PullReader({ aggregationTemporalitySelector: () => temporality });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const tracer = tracerProvider.getTracer("test");
  const meter = meterProvider.getMeter("test");
  const own = {
    ...api,
    trace: Object.assign(Object.create(api.trace) as typeof api.trace, { getTracer: () => tracer }),
    metrics: Object.assign(Object.create(api.metrics) as typeof api.metrics, { getMeter: () => meter }),
  };
  return {
    api: own,
    tracer,
    meter,
    spans: () => exporter.getFinishedSpans(),
    collect: async () => figuresOf(await reader.collect()),
  };
}

function figuresOf({ resourceMetrics, errors }: CollectionResult): Record<string, Record<string, number>> {
  if (errors.length > 0) throw errors[0];
  const metrics = resourceMetrics.scopeMetrics.flatMap((scope): readonly MetricData[] => scope.metrics);
  return Object.fromEntries(
    metrics.map(({ descriptor, dataPoints }) => [
      descriptor.name,
      Object.fromEntries(
        dataPoints.map(({ attributes, value }) => [
          Object.values(attributes).join(" "),
          typeof value === "number" ? value : Number(value.sum),
        ]),
      ),
    ]),
  );
}
