import type { Span, SpanOptions } from "@opentelemetry/api";
import { parseTraceparent, traceHeaders, withinSpan } from "./span.ts";
import { type Api, loadApi, meterOf, tracerOf } from "./api.ts";
import type { PathTrace, PeerTelemetry, PeerTrace } from "./contract.ts";
import { type PeerSpanName, spans } from "./names.ts";
import { tracePaths } from "./path-trace.ts";
import { PeerMetrics } from "./peer-metrics.ts";

/**
 * Loads a peer's telemetry. It is a no-op if `@opentelemetry/api` is missing or `isWanted` is false.
 *
 * @param load imports the package; for tests.
 */
export async function loadPeerTelemetry(
  isWanted: boolean,
  load?: () => Promise<unknown>,
): Promise<PeerTelemetry> {
  const api = isWanted && (await loadApi(load));
  return api ? connect(api) : silentPeerTelemetry;
}

function connect(api: Api): PeerTelemetry {
  const { CLIENT, CONSUMER } = api.SpanKind;
  const metrics = new PeerMetrics(meterOf(api));
  const within = <Result>(
    name: PeerSpanName,
    options: SpanOptions,
    work: (trace: PeerTrace) => Promise<Result>,
  ): Promise<Result> => {
    const start = { ...options, tracer: tracerOf(api), name, parent: api.context.active() };
    return withinSpan(api, start, (span) => work(traceOf(api, span, metrics)));
  };
  return {
    dial: (work) => within(spans.dial, { kind: CLIENT }, work),
    accept: (work) => within(spans.accept, { kind: CONSUMER }, work),
    // A root span: the span in which the application began to listen has ended long ago.
    acceptMessage: (work) => within(spans.accept, { kind: CONSUMER, root: true }, work),
  };
}

function traceOf(api: Api, span: Span, metrics: PeerMetrics): PeerTrace {
  return {
    headers: traceHeaders(api, span.spanContext()),
    linkTo(traceparent) {
      const other = parseTraceparent(traceparent);
      if (other) span.addLink({ context: { ...other, isRemote: true } });
    },
    paths: () =>
      tracePaths({ tracer: tracerOf(api), parent: api.trace.setSpan(api.ROOT_CONTEXT, span), metrics }),
  };
}

const nothing = (): void => undefined;
const silentPaths: PathTrace = { opened: nothing, tell: nothing, closed: nothing };
const silentTrace: PeerTrace = { headers: {}, linkTo: nothing, paths: () => silentPaths };

/** No-op telemetry. */
const silentPeerTelemetry: PeerTelemetry = {
  dial: (work) => work(silentTrace),
  accept: (work) => work(silentTrace),
  acceptMessage: (work) => work(silentTrace),
};
