import { healthFaults, type HealthParts } from "../health/faults.ts";
import { type CountedParts, relayStats, telemetryFigures } from "../stats/stats.ts";
import { exposition } from "../../exposition.ts";
import { processFamilies, relayFamilies, telemetryFamilies } from "./relay-families.ts";

/** Returns the metrics of a running relay in Prometheus's text format. The work does not grow with the number of peers. */
export function metricsPage(parts: CountedParts & HealthParts): string {
  return exposition([
    ...telemetryFamilies(telemetryFigures(parts, parts.registry)),
    ...relayFamilies(relayStats(parts), healthFaults(parts).length === 0),
    ...processFamilies(),
  ]);
}
