import type { RequestSpanName, RequestTrace } from "../../telemetry/index.ts";
import type { ApiRequest, Route } from "./route.ts";

/** A request and its trace. */
export interface TracedRequest extends ApiRequest {
  readonly trace: RequestTrace;
}

/** Wraps a route's handler in a span. Requests that fail authentication produce no span. */
export function traced(
  name: RequestSpanName,
  handle: (request: TracedRequest) => Promise<Response>,
): Route["handle"] {
  return (request) =>
    request.service.telemetry.request(name, request.event.req.headers, (trace) =>
      handle({ ...request, trace }),
    );
}
