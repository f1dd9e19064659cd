import type { RequestSpanName, RequestTrace } from "../../telemetry/index.ts";
import type { ApiRequest, Route } from "./route.ts";

/** A request with the trace that it is part of. */
export interface TracedRequest extends ApiRequest {
  readonly trace: RequestTrace;
}

/** Makes a route's handler work within a span of its own. Whom no token lets in makes no spans. */
export function traced(
  name: RequestSpanName,
  handle: (request: TracedRequest) => Promise<Response>,
): Route["handle"] {
  return (request) =>
    request.service.telemetry.request(name, request.event.req.headers, (trace) =>
      handle({ ...request, trace }),
    );
}
