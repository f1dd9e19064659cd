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
import type { Context, Tracer } from "@opentelemetry/api";
import { isQuicpipeError } from "../errors.ts";
import { readTraceHeaders, withinSpan } from "./span.ts";

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

/**
 * Returns the function that runs the work of a request to a relay within a span. Its parent is the application's span of the
 * request if there is one, else the caller's.
 */
export function createRequestSpans(
  api: Api,
  tracer: Tracer,
  relaySpans: RelaySpans,
): RelayTelemetry["request"] {
  const { context, trace, SpanKind, isSpanContextValid } = api;
  return (name, headers, work) => {
    const active = context.active();
    // An ended span was active when the server was started; every request inherits that context.
    const isInstrumented = trace.getSpan(active)?.isRecording() === true;
    const parent = isInstrumented ? active : callerOf(api, headers, active);
    const kind = isInstrumented ? SpanKind.INTERNAL : SpanKind.SERVER;
    return withinSpan(api, { tracer, name, parent, kind, isFailure }, (span) => {
      const here = span.spanContext();
      return work({
        here: isSpanContextValid(here) ? here : undefined,
        linkTo: (other) => {
          if (other) span.addLink({ context: other });
        },
        opening: (open) => relaySpans.opening(parent, open),
      });
    });
  };
}

function callerOf(api: Api, headers: Headers, active: Context): Context {
  const caller = readTraceHeaders(api, headers);
  return caller ? api.trace.setSpanContext(active, caller) : api.trace.deleteSpan(active);
}

/** A refusal is not a failure of the relay, as in the conventions for HTTP servers. */
function isFailure(error: unknown): boolean {
  return !isQuicpipeError(error);
}
