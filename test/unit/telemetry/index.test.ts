import { describe, expect, it } from "vitest";
import { loadPeerTelemetry, loadRelayTelemetry, type RelayTelemetry } from "../../../src/telemetry/index.ts";
import { noCounters } from "../registry/fake-forwarder.ts";
import { createSdk } from "./sdk.ts";

const forbidden = (): never => {
  throw new TypeError("nobody is to do this");
};

const broken = (): Promise<never> => Promise.reject(new SyntaxError("half a file"));

function parts(): Parameters<Awaited<ReturnType<typeof loadRelayTelemetry>>>[0] {
  return { backend: "dgram", figures: forbidden, trafficOf: forbidden, now: forbidden };
}

const notInstalled = (): Promise<never> =>
  Promise.reject(Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" }));

async function useIt(telemetry: RelayTelemetry): Promise<string> {
  const registration = { id: "one", subject: "alice", address: null, registeredAtMs: 0 };
  const result = await telemetry.request("quicpipe.register", new Headers(), (trace) => {
    trace.linkTo(trace.here);
    return Promise.resolve(trace.opening(() => "registered"));
  });
  telemetry.observer.opened(registration);
  telemetry.observer.moved(registration);
  telemetry.observer.ended(registration, "ended", noCounters);
  telemetry.pair("one", "other");
  expect([...telemetry.watch()]).toEqual([]);
  telemetry.close();
  return result;
}

describe("telemetry without @opentelemetry/api", () => {
  it("does the relay's work and looks at nothing", async () => {
    const open = await loadRelayTelemetry({}, notInstalled);
    expect(await useIt(open(parts()))).toBe("registered");
  });

  it("does the peer's work and says nothing to the relay", async () => {
    const telemetry = await loadPeerTelemetry(true, notInstalled);
    for (const way of ["dial", "accept", "acceptMessage"] as const) {
      const headers = await telemetry[way]((trace) => {
        trace.linkTo(undefined);
        const paths = trace.paths();
        paths.opened();
        paths.tell({ kind: "lost", reason: "lossy" });
        paths.closed();
        return Promise.resolve(trace.headers);
      });
      expect(headers).toEqual({});
    }
  });

  it("is not even looked for if it is not wanted", async () => {
    expect(await useIt((await loadRelayTelemetry(false, forbidden))(parts()))).toBe("registered");
    await loadPeerTelemetry(false, forbidden);
  });

  it("does not hide that the package is there but broken", async () => {
    await expect(loadRelayTelemetry({}, broken)).rejects.toThrow(SyntaxError);
  });
});

describe("telemetry of a peer", () => {
  it("gives the relay its trace, and no baggage", async () => {
    const sdk = createSdk();
    const telemetry = await loadPeerTelemetry(true, () => Promise.resolve(sdk.api));
    const headers = await telemetry.dial((trace) => Promise.resolve(trace.headers));
    const { traceId, spanId } = sdk.spans()[0]!.spanContext();
    expect(headers).toEqual({ traceparent: `00-${traceId}-${spanId}-01` });
  });

  it("is linked to nothing by what is no traceparent", async () => {
    const sdk = createSdk();
    const telemetry = await loadPeerTelemetry(true, () => Promise.resolve(sdk.api));
    await telemetry.acceptMessage((trace) => {
      trace.linkTo("00-nonsense");
      trace.linkTo(`00-${"a".repeat(32)}-${"b".repeat(16)}-01`);
      return Promise.resolve();
    });
    expect(sdk.spans()[0]!.links.map(({ context }) => context.spanId)).toEqual(["b".repeat(16)]);
  });
});
