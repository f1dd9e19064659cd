import { describe, expect, it } from "vitest";
import { isTraced } from "../../../../src/cli/peer/tracing.ts";

describe("a command's spans", () => {
  it("are wanted where the API of OpenTelemetry has been set up in the process", async () => {
    expect(isTraced({})).toBe(false);
    const { trace } = await import("@opentelemetry/api");
    trace.setGlobalTracerProvider({ getTracer: trace.getTracer.bind(trace) });
    expect(isTraced()).toBe(true);
    trace.disable();
  });
});
