import { counters, levels, type Metric, type RelayFigures } from "../../telemetry/index.ts";
import { version } from "../../version.ts";
import type { RelayStats } from "../stats/stats.ts";
import { counter, type Family, gauge } from "../../exposition.ts";

/**
 * Returns the metrics of OpenTelemetry that a relay has at any time, under the names that a Prometheus exporter gives them. Those
 * that are recorded as events happen are an SDK's alone.
 */
export function telemetryFamilies(figures: RelayFigures): Family[] {
  const counted = Object.entries(counters).map(([name, metric]): Family => ({
    name: `${nameOf(name)}_total`,
    help: metric.description,
    type: "counter",
    samples: Object.entries(metric.valuesOf(figures)).map(([values, value]) => ({
      labels: labelsOf(metric, values),
      value,
    })),
  }));
  const current = Object.entries(levels).map(([name, { description, valueOf }]) =>
    gauge(nameOf(name), description, valueOf(figures)),
  );
  return [...counted, ...current];
}

/** Returns what a relay counts beside them. */
export function relayFamilies(stats: RelayStats, isReady: boolean): Family[] {
  const { backend, gateway, mailbox, rateBuckets } = stats;
  return [
    {
      name: "quicpipe_build_info",
      help: "1, with version and backend as labels.",
      type: "gauge",
      samples: [{ labels: { version, backend }, value: 1 }],
    },
    gauge("quicpipe_ready", "1 if /readyz answers 200, 0 otherwise.", Number(isReady)),
    gauge("quicpipe_registration_cids", "Connection IDs that are held.", stats.cids),
    gauge("quicpipe_sessions_unclaimed", "Sessions of an earlier process in the kernel.", stats.unclaimed),
    gauge("quicpipe_mailbox_queued_bytes", "Bytes of mailbox messages that wait.", mailbox.queuedBytes),
    gauge("quicpipe_waits_open", "Open long polls and event streams.", stats.waiters),
    gauge("quicpipe_rate_buckets_open", "Token buckets that are open.", rateBuckets.open),
    counter("quicpipe_rate_buckets_forgiven_total", "Token buckets that made room.", rateBuckets.forgiven),
    counter(
      "quicpipe_gateway_packets_total",
      "Datagrams passed to the app's HTTP/3 server (in), and back (out).",
      { in: gateway.packetsIn, out: gateway.packetsOut },
      "direction",
    ),
    gauge("quicpipe_gateway_clients", "Clients of the app's HTTP/3 server.", gateway.clients),
    gauge(
      "quicpipe_gateway_clients_on_probation",
      "Clients that have not answered yet.",
      gateway.onProbation,
    ),
    counter("quicpipe_gateway_clients_given_up_total", "Clients that made way for others.", gateway.givenUp),
    counter("quicpipe_stun_messages_total", "STUN messages.", stats.stun, "quicpipe_stun_outcome"),
    counter("quicpipe_requests_refused_total", "Requests answered with a problem.", { ...stats.refused }),
  ];
}

/** Returns what Prometheus expects of any process, under the usual names. */
export function processFamilies(): Family[] {
  const { user, system } = process.cpuUsage();
  return [
    counter("process_cpu_seconds_total", "User and system CPU time, in seconds.", (user + system) / 1e6),
    gauge("process_resident_memory_bytes", "Resident memory, in bytes.", process.memoryUsage.rss()),
    gauge(
      "process_start_time_seconds",
      "Start of the process, in seconds since the epoch.",
      performance.timeOrigin / 1000,
    ),
  ];
}

function nameOf(metric: string): string {
  return metric.replaceAll(".", "_");
}

/** Returns the labels of a series from its key among the values of a metric, as the attributes of OpenTelemetry. */
function labelsOf({ by = [], fixed = {} }: Metric, values: string): Record<string, string> {
  const each = values.split(" ");
  const attributes = [...Object.entries(fixed), ...by.map((name, index) => [name, each[index]!] as const)];
  return Object.fromEntries(attributes.map(([name, value]) => [nameOf(name), value]));
}
