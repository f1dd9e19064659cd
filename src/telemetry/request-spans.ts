import type { Context, Span, Tracer } from "@opentelemetry/api";
import { isQuicpipeError } from "../errors.ts";
import type { TraceParent } from "../wire/traceparent.ts";
import type { Api } from "./api.ts";
import type { RequestTrace } from "./contract.ts";
import { errorTypeOf } from "./error-type.ts";
import { attributes, type RequestSpanName } from "./names.ts";
import type { RelaySpans } from "./relay-spans.ts";
import { readTraceHeaders } from "./trace-headers.ts";

/** Spans of requests to a relay. */
export class RequestSpans {
  readonly #api: Api;
  readonly #tracer: Tracer;
  readonly #relaySpans: RelaySpans;

  constructor(api: Api, tracer: Tracer, relaySpans: RelaySpans) {
    this.#api = api;
    this.#tracer = tracer;
    this.#relaySpans = relaySpans;
  }

  /** Runs `work` for a request within a span. Its parent is the application's span of the request if there is one, else the caller's. */
  async request<Result>(
    name: RequestSpanName,
    headers: Headers,
    work: (trace: RequestTrace) => Promise<Result>,
  ): Promise<Result> {
    const { context, trace, SpanKind, SpanStatusCode } = this.#api;
    const active = context.active();
    // An ended span was active when the server was started; every request inherits that context.
    const isInstrumented = trace.getSpan(active)?.isRecording() === true;
    const parent = isInstrumented ? active : this.#callerOf(headers, active);
    const kind = isInstrumented ? SpanKind.INTERNAL : SpanKind.SERVER;
    const span = this.#tracer.startSpan(name, { kind }, parent);
    try {
      return await context.with(trace.setSpan(parent, span), () => work(this.#traceOf(span, parent)));
    } catch (error) {
      span.setAttribute(attributes.errorType, errorTypeOf(error));
      // A refusal is not a failure of the relay, as in the conventions for HTTP servers.
      if (!isQuicpipeError(error)) span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  }

  #callerOf(headers: Headers, active: Context): Context {
    const { trace } = this.#api;
    const caller = readTraceHeaders(this.#api, headers);
    return caller ? trace.setSpanContext(active, caller) : trace.deleteSpan(active);
  }

  #traceOf(span: Span, parent: Context): RequestTrace {
    const { isSpanContextValid } = this.#api;
    const here = span.spanContext();
    return {
      here: isSpanContextValid(here) ? here : undefined,
      linkTo: (other: TraceParent | undefined) => {
        if (other) span.addLink({ context: other });
      },
      opening: (work) => this.#relaySpans.opening(parent, work),
    };
  }
}
