import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { QuicpipeError } from "../../../src/errors.ts";
import type { RelayTelemetry } from "../../../src/telemetry/contract.ts";
import { RelaySpans } from "../../../src/telemetry/relay-spans.ts";
import { createRequestSpans } from "../../../src/telemetry/relay-telemetry.ts";
import { createSdk, type TestSdk } from "./sdk.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";

let sdk: TestSdk;
let request: RelayTelemetry["request"];

beforeEach(() => {
  sdk = createSdk();
  const relaySpans = new RelaySpans({
    ...sdk,
    backend: "dgram",
    trafficOf: () => undefined,
    intervalMs: undefined,
    now: Date.now,
  });
  request = createRequestSpans(sdk.api, sdk.tracer, relaySpans);
});

function headers(traceparent: string, tracestate?: string): Headers {
  return new Headers({ traceparent, ...(tracestate && { tracestate }) });
}

const refuse = (): Promise<never> => {
  throw new QuicpipeError("ERR_QUICPIPE_CID_QUOTA", "too many");
};
const fail = (): Promise<never> => Promise.reject(new TypeError("a bug with a secret in it"));
const done = (): Promise<string> => Promise.resolve("done");

describe("the span of a request", () => {
  it("is a server's, below the caller's, tracestate included", async () => {
    const result = await request(
      "quicpipe.register",
      headers(`00-${traceId}-${spanId}-01`, "vendor=1"),
      done,
    );
    expect(result).toBe("done");
    const [span] = sdk.spans();
    expect(span).toMatchObject({ name: "quicpipe.register", kind: sdk.api.SpanKind.SERVER });
    expect(span!.parentSpanContext).toMatchObject({ traceId, spanId, isRemote: true });
    expect(span!.spanContext().traceState?.serialize()).toBe("vendor=1");
    expect(span!.status.code).toBe(sdk.api.SpanStatusCode.UNSET);
    expect(span!.attributes).toEqual({});
  });

  it.each(["", "00-nonsense", `00-${"0".repeat(32)}-${spanId}-01`])(
    "is a root if the caller's header is %j",
    async (traceparent) => {
      await request("quicpipe.register", headers(traceparent), done);
      expect(sdk.spans()[0]!.parentSpanContext).toBeUndefined();
    },
  );

  it("has the code of a refusal, which is no failure, and marks what went wrong by itself as one", async () => {
    const none = new Headers();
    await expect(request("quicpipe.register", none, refuse)).rejects.toMatchObject({
      code: "ERR_QUICPIPE_CID_QUOTA",
    });
    await expect(request("quicpipe.mailbox.take", none, fail)).rejects.toThrow(TypeError);
    const [refused, failed] = sdk.spans();
    const { SpanStatusCode } = sdk.api;
    expect(refused).toMatchObject({
      attributes: { "error.type": "ERR_QUICPIPE_CID_QUOTA" },
      status: { code: SpanStatusCode.UNSET },
    });
    expect(failed).toMatchObject({
      attributes: { "error.type": "TypeError" },
      status: { code: SpanStatusCode.ERROR },
    });
    expect(JSON.stringify([failed!.events, failed!.status])).not.toContain("secret");
  });

  it("tells where it stands, and is linked to what led to it", async () => {
    await request("quicpipe.mailbox.send", new Headers(), async (send) => {
      await request("quicpipe.mailbox.take", new Headers(), (take) => {
        take.linkTo(send.here);
        take.linkTo(undefined);
        return done();
      });
    });
    const [take, send] = sdk.spans();
    expect(take!.links.map(({ context }) => context.spanId)).toEqual([send!.spanContext().spanId]);
  });
});

describe("the span of a request in an application with spans of its own", () => {
  beforeEach(() => {
    sdk.api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  });
  afterEach(() => sdk.api.context.disable());

  it("is inside the application's span of it, whatever the caller's header says", async () => {
    const { context, trace, SpanKind } = sdk.api;
    const around = sdk.tracer.startSpan("POST /v1/register");
    await context.with(trace.setSpan(context.active(), around), () =>
      request("quicpipe.register", headers(`00-${traceId}-${spanId}-01`), done),
    );
    expect(sdk.spans()[0]).toMatchObject({
      kind: SpanKind.INTERNAL,
      parentSpanContext: around.spanContext(),
    });
  });

  it("is none of a span that ended long ago, as when the server was started within one", async () => {
    const { context, trace, SpanKind } = sdk.api;
    const boot = sdk.tracer.startSpan("boot");
    boot.end();
    await context.with(trace.setSpan(context.active(), boot), () =>
      request("quicpipe.register", new Headers(), done),
    );
    const [, span] = sdk.spans();
    expect(span!.kind).toBe(SpanKind.SERVER);
    expect(span!.parentSpanContext).toBeUndefined();
  });
});
