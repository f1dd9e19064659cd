import { type Api, loadApi, meterOf, tracerOf } from "./api.ts";
import type {
  RelayObserver,
  RelayTelemetry,
  RelayTelemetryParts,
  RequestTrace,
  TelemetryOptions,
} from "./contract.ts";
import { RelayMetrics } from "./metrics.ts";
import { RelaySpans } from "./relay-spans.ts";
import { createRequestSpans } from "./request-spans.ts";

/** Opens a relay's telemetry on the SDK registered so far. The caller closes it. */
export type OpenRelayTelemetry = (parts: RelayTelemetryParts) => RelayTelemetry;

/**
 * Loads a relay's telemetry. The result is a no-op if `@opentelemetry/api` is missing or `options` is `false`.
 *
 * @param load imports the package; for tests.
 */
export async function loadRelayTelemetry(
  options: TelemetryOptions | false,
  load?: () => Promise<unknown>,
): Promise<OpenRelayTelemetry> {
  const api = options && (await loadApi(load));
  return api ? (parts) => connect(api, options, parts) : () => silentRelayTelemetry;
}

function connect(api: Api, options: TelemetryOptions, parts: RelayTelemetryParts): RelayTelemetry {
  const tracer = tracerOf(api);
  const metrics = new RelayMetrics(meterOf(api), parts.figures);
  const relaySpans = new RelaySpans({ ...parts, ...options, api, tracer });
  return {
    observer: {
      opened: (registration) => relaySpans.opened(registration),
      moved: (registration) => relaySpans.moved(registration),
      ended(registration, reason, traffic) {
        relaySpans.ended(registration, reason, traffic);
        metrics.registrationEnded((parts.now() - registration.registeredAtMs) / 1000, reason);
      },
    },
    request: createRequestSpans(api, tracer, relaySpans),
    pair: (dialer, accepter) => relaySpans.pair(dialer, accepter),
    watch: () => relaySpans.watch(),
    close: () => metrics.close(),
  };
}

const nothing = (): void => undefined;
const silentObserver: RelayObserver = { opened: nothing, moved: nothing, ended: nothing };
const silentTrace: RequestTrace = { here: undefined, linkTo: nothing, opening: (work) => work() };

/** No-op telemetry. */
const silentRelayTelemetry: RelayTelemetry = {
  observer: silentObserver,
  request: (_name, _headers, work) => work(silentTrace),
  pair: nothing,
  *watch() {},
  close: nothing,
};
