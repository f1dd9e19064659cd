import type { Context, Tracer } from "@opentelemetry/api";
import { isQuicpipeError } from "../errors.ts";
import type { Api } from "./api.ts";
import type { RelayTelemetry } from "./contract.ts";
import type { RelaySpans } from "./relay-spans.ts";
import { readTraceHeaders, withinSpan } from "./span.ts";

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
