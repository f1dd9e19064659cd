import type { SpanContext } from "@opentelemetry/api";
import { encodeTraceparent, parseTraceparent } from "../wire/traceparent.ts";
import type { Api } from "./api.ts";

/**
 * Reads the caller's position in its trace from request headers. The protocol defines these headers, so they apply whichever
 * propagator the application has registered.
 */
export function readTraceHeaders({ createTraceState }: Api, headers: Headers): SpanContext | undefined {
  const parent = parseTraceparent(headers.get("traceparent"));
  if (!parent) return undefined;
  const state = headers.get("tracestate");
  return { ...parent, isRemote: true, ...(state && { traceState: createTraceState(state) }) };
}

/** Formats a position in a trace as headers; none if it is not valid. Baggage is not sent. */
export function traceHeaders({ isSpanContextValid }: Api, context: SpanContext): Record<string, string> {
  if (!isSpanContextValid(context)) return {};
  const tracestate = context.traceState?.serialize();
  return { traceparent: encodeTraceparent(context), ...(tracestate && { tracestate }) };
}
