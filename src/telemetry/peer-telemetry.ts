import type { SpanOptions } from "@opentelemetry/api";
import { parseTraceparent, traceHeaders, withinSpan } from "./span.ts";
import { type Api, loadApi, tracerOf } from "./api.ts";
import type { PeerTelemetry, PeerTrace } from "./contract.ts";
import { type PeerSpanName, spans } from "./names.ts";

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
  return {
    dial: (work) => within(api, spans.dial, { kind: CLIENT }, work),
    accept: (work) => within(api, spans.accept, { kind: CONSUMER }, work),
    // A root span: the span in which the application began to listen has ended long ago.
    acceptMessage: (work) => within(api, spans.accept, { kind: CONSUMER, root: true }, work),
  };
}

function within<Result>(
  api: Api,
  name: PeerSpanName,
  options: SpanOptions,
  work: (trace: PeerTrace) => Promise<Result>,
): Promise<Result> {
  const start = { ...options, tracer: tracerOf(api), name, parent: api.context.active() };
  return withinSpan(api, start, (span) =>
    work({
      headers: traceHeaders(api, span.spanContext()),
      linkTo(traceparent) {
        const other = parseTraceparent(traceparent);
        if (other) span.addLink({ context: { ...other, isRemote: true } });
      },
    }),
  );
}

const silentTrace: PeerTrace = { headers: {}, linkTo: () => undefined };

/** No-op telemetry. */
const silentPeerTelemetry: PeerTelemetry = {
  dial: (work) => work(silentTrace),
  accept: (work) => work(silentTrace),
  acceptMessage: (work) => work(silentTrace),
};
