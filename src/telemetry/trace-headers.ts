import type { SpanContext } from "@opentelemetry/api";
import { encodeTraceparent, parseTraceparent } from "../wire/traceparent.ts";
import type { Api } from "./api.ts";

/**
 * Reads the caller's place in its trace from a request's headers. The protocol itself names these headers, so
 * they count whichever propagator the application has registered.
 */
export function readTraceHeaders({ createTraceState }: Api, headers: Headers): SpanContext | undefined {
  const parent = parseTraceparent(headers.get("traceparent"));
  if (!parent) return undefined;
  const state = headers.get("tracestate");
  return { ...parent, isRemote: true, ...(state && { traceState: createTraceState(state) }) };
}

/** Writes a place in a trace as headers; none where there is no trace. Baggage stays at home. */
export function traceHeaders({ isSpanContextValid }: Api, context: SpanContext): Record<string, string> {
  if (!isSpanContextValid(context)) return {};
  const tracestate = context.traceState?.serialize();
  return { traceparent: encodeTraceparent(context), ...(tracestate && { tracestate }) };
}
