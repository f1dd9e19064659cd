import type { BudgetStats } from "../../../gateway/index.ts";
import { counter, exposition, gauge } from "../../../exposition.ts";
import { endOf } from "../tls/files.ts";

/** Returns the metrics of the command's own servers and certificate (PEM), in Prometheus's text format. */
export function gatewayPage(stats: BudgetStats, certificate: string): string {
  return exposition([
    gauge("quicpipe_server_sources", "Sources with connections to the app's servers.", stats.sources),
    gauge("quicpipe_server_unread_bytes", "Request bytes that the app has not read.", stats.unreadBytes),
    gauge("quicpipe_server_unsent_bytes", "Response bytes that clients have not taken.", stats.unsentBytes),
    counter(
      "quicpipe_server_refused_total",
      "What the app's servers have refused, by the limit that was met.",
      { ...stats.refused },
      "limit",
    ),
    gauge(
      "quicpipe_certificate_end_time_seconds",
      "End of the certificate's validity, in seconds since the epoch.",
      endOf(certificate) / 1000,
    ),
  ]);
}
