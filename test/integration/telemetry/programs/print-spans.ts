// For `node --import`: prints each span that ends as a line of JSON.
import { trace } from "@opentelemetry/api";
import { SimpleSpanProcessor, type SpanExporter, TracerProvider } from "@opentelemetry/sdk-trace";
import type { PrintedSpan } from "../printed-span.ts";

const exporter: SpanExporter = {
  export(spans, done) {
    for (const span of spans) {
      const printed: PrintedSpan = {
        event: "span",
        name: span.name,
        attributes: span.attributes,
        id: span.spanContext().spanId,
        parentId: span.parentSpanContext?.spanId ?? "",
      };
      process.stdout.write(`${JSON.stringify(printed)}\n`);
    }
    done({ code: 0 });
  },
  shutdown: () => Promise.resolve(),
};
trace.setGlobalTracerProvider(
  new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }),
);
