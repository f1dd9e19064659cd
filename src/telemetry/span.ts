import type { Context, Span, SpanContext, SpanOptions, Tracer } from "@opentelemetry/api";
import { isQuicpipeError } from "../errors.ts";
import type { Api } from "./api.ts";
import { attributes } from "./names.ts";
import { ownText } from "../own-memory.ts";

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

/** A position in a trace, as in the `traceparent` header (W3C Trace Context §3.2). */
export interface TraceParent {
  /** 32 lower-case hex digits, not all zero. */
  readonly traceId: string;
  /** 16 lower-case hex digits, not all zero. */
  readonly spanId: string;
  /** Bit 0: the caller records its part. */
  readonly traceFlags: number;
}

/** Longest `traceparent` parsed, in characters. Leaves room for the additional fields of a later version. */
const maxChars = 128;
const pattern = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;

/** Parses a `traceparent`; `undefined` if it is not one. The known fields of a later version are read (§3.2.4). */
export function parseTraceparent(text: string | null | undefined): TraceParent | undefined {
  if (!text || text.length > maxChars) return undefined;
  const [whole, traceId, spanId, flags] = pattern.exec(ownText(text)) ?? [];
  // Version 00 has exactly these fields.
  if (!whole || !traceId || !spanId || (whole.startsWith("00") && whole.length !== 55)) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags!, 16) };
}

/** Encodes a `traceparent` of version 00. */
export function encodeTraceparent({ traceId, spanId, traceFlags }: TraceParent): string {
  // §3.2.2.5: unknown flags are sent as zero. 1 is "sampled", 2 "random-trace-id" (level 2).
  return `00-${traceId}-${spanId}-${(traceFlags & 3).toString(16).padStart(2, "0")}`;
}
