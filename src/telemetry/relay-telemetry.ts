import { type Api, loadApi, meterOf, tracerOf } from "./api.ts";
import type {
  PathName,
  RelayedTraffic,
  RelayFigures,
  RelayObserver,
  RelayTelemetry,
  RequestTrace,
  TelemetryOptions,
} from "./contract.ts";
import { RelayMetrics } from "./metrics.ts";
import { RelaySpans } from "./relay-spans.ts";
import { RequestSpans } from "./request-spans.ts";

/** What a relay gives telemetry to read. */
export interface RelayTelemetryParts {
  /** Who forwards what the kernel does not. */
  readonly backend: PathName;
  readonly figures: () => RelayFigures;
  /** What a live registration has moved. */
  readonly trafficOf: (id: string) => RelayedTraffic | undefined;
  /** ms since the epoch. */
  readonly now: () => number;
}

/** Opens a relay's telemetry on the SDK that the process has registered by now. Whoever calls it closes it. */
export type OpenRelayTelemetry = (parts: RelayTelemetryParts) => RelayTelemetry;

/**
 * Loads what a relay's telemetry needs. Without `@opentelemetry/api`, or with `false`, what is opened does nothing.
 *
 * @param load finds the package; for tests.
 */
export async function loadRelayTelemetry(
  options: TelemetryOptions | false,
  load?: () => Promise<unknown>,
): Promise<OpenRelayTelemetry> {
  const api = options && (await loadApi(load));
  return api ? (parts) => connect(api, options, parts) : () => silentRelayTelemetry;
}

function connect(api: Api, { intervalMs }: TelemetryOptions, parts: RelayTelemetryParts): RelayTelemetry {
  const tracer = tracerOf(api);
  const metrics = new RelayMetrics(meterOf(api), parts.figures);
  const relaySpans = new RelaySpans({ ...parts, api, tracer, intervalMs });
  const requestSpans = new RequestSpans(api, tracer, relaySpans);
  return {
    observer: {
      opened: (registration) => relaySpans.opened(registration),
      moved: (registration) => relaySpans.moved(registration),
      ended(registration, reason, traffic) {
        relaySpans.ended(registration, reason, traffic);
        metrics.registrationEnded((parts.now() - registration.registeredAtMs) / 1000, reason);
      },
    },
    request: (name, headers, work) => requestSpans.request(name, headers, work),
    pair: (dialer, accepter) => relaySpans.pair(dialer, accepter),
    watch: () => relaySpans.watch(),
    close: () => metrics.close(),
  };
}

const nothing = (): void => undefined;
const silentObserver: RelayObserver = { opened: nothing, moved: nothing, ended: nothing };
const silentTrace: RequestTrace = { here: undefined, linkTo: nothing, opening: (work) => work() };

/** Says nothing to nobody. */
const silentRelayTelemetry: RelayTelemetry = {
  observer: silentObserver,
  request: (_name, _headers, work) => work(silentTrace),
  pair: nothing,
  *watch() {},
  close: nothing,
};
