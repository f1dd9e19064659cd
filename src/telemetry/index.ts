export type {
  PathTrace,
  PeerTelemetry,
  PeerTrace,
  RelayedTraffic,
  RelayFigures,
  RelayTelemetry,
  RequestTrace,
  TelemetryOptions,
} from "./contract.ts";
export { counters, levels, type Metric } from "./instruments.ts";
export type { RequestSpanName } from "./names.ts";
export { loadPeerTelemetry } from "./peer-telemetry.ts";
export { loadRelayTelemetry } from "./relay-telemetry.ts";
export { encodeTraceparent, parseTraceparent, type TraceParent } from "./span.ts";
