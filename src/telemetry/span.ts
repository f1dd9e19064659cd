import type { Context, Span, SpanContext, SpanOptions, Tracer } from "@opentelemetry/api";
import { isQuicpipeError } from "../errors.ts";
import { encodeTraceparent, parseTraceparent } from "../wire/traceparent.ts";
import type { Api } from "./api.ts";
import { attributes } from "./names.ts";

/** The start of a span. */
export interface SpanStart extends SpanOptions {
  readonly tracer: Tracer;
  readonly name: string;
  readonly parent: Context;
  /** Whether an error of the work is a failure of this process; always if absent. */
  readonly isFailure?: (error: unknown) => boolean;
}

/** Runs `work` within a span, which states the error if it fails. */
export async function withinSpan<Result>(
  { context, trace, SpanStatusCode }: Api,
  { tracer, name, parent, isFailure = () => true, ...options }: SpanStart,
  work: (span: Span) => Promise<Result>,
): Promise<Result> {
  const span = tracer.startSpan(name, options, parent);
  try {
    return await context.with(trace.setSpan(parent, span), () => work(span));
  } catch (error) {
    span.setAttribute(attributes.errorType, errorTypeOf(error));
    if (isFailure(error)) span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
}

/** Returns the `error.type` of an error: its code, or else its class. Messages are not exported. */
function errorTypeOf(error: unknown): string {
  if (isQuicpipeError(error)) return error.code;
  return error instanceof Error ? error.name : "_OTHER";
}

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
