import { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import { expect, it } from "vitest";
import { exposition } from "../../../../src/exposition.ts";
import { telemetryFamilies } from "../../../../src/plugin/metrics/relay-families.ts";
import { RelayMetrics } from "../../../../src/telemetry/metrics.ts";
import type { RelayFigures } from "../../../../src/telemetry/contract.ts";

/** Figures in which all counts are multiples of one number. */
function figuresOf(times: number): RelayFigures {
  return {
    backend: "native",
    traffic: {
      kernel: { packets: 2 * times, bytes: 3 * times },
      user: { packets: 5 * times, bytes: 7 * times },
    },
    dropped: { "no-route": 11 * times, "receive-buffer-full": 13 * times },
    messages: { taken: 17 * times, expired: 19 * times, recalled: 23 * times },
    stunPort: { answered: 29 * times },
    registrations: 31 * times,
    queuedMessages: 37 * times,
  };
}

class Reader extends MetricReader {
  protected onShutdown = (): Promise<void> => Promise.resolve();
  protected onForceFlush = (): Promise<void> => Promise.resolve();
}

/** The page of an exporter of the SDK, without its own labels, lines of units and what is of the process. */
async function exported(figures: RelayFigures): Promise<string[]> {
  const reader = new Reader();
  const meter = new MeterProvider({ readers: [reader] }).getMeter("quicpipe");
  let shown = figuresOf(0);
  const metrics = new RelayMetrics(meter, () => shown);
  shown = figures;
  const { resourceMetrics } = await reader.collect();
  metrics.close();
  const lines = new PrometheusSerializer().serialize(resourceMetrics).split("\n");
  return lines
    .filter((line) => line !== "" && !line.includes("target_info") && !line.startsWith("# UNIT"))
    .map((line) => line.replace(/,?otel_scope_name="quicpipe"/, "").replace("{}", ""));
}

/** Lines with their labels in the order of the alphabet. */
function sorted(lines: readonly string[]): string[] {
  return lines
    .map((line) =>
      line.replace(/\{(.*)\}/, (_, labels: string) => `{${labels.split(",").toSorted().join(",")}}`),
    )
    .toSorted();
}

it("the metrics of OpenTelemetry have the names, labels and values that an exporter of the SDK gives them", async () => {
  const page = exposition(telemetryFamilies(figuresOf(1)));
  expect(sorted(page.trimEnd().split("\n"))).toEqual(sorted(await exported(figuresOf(1))));
});
