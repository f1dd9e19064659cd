import { describe, expect, it } from "vitest";
import { chooseBackend } from "../../../src/forwarder/backend.ts";
import { type Addon, addonAbi } from "../../../src/forwarder/native/addon.ts";
import type { LoadedAddon } from "../../../src/forwarder/native/load.ts";

const addon: Addon = {
  abi: addonAbi,
  counterNames: [],
  hasProgram: false,
  open: () => expect.unreachable("nothing is opened"),
  links: () => [],
  readPins: () => expect.unreachable("no pins are read"),
  removePins: () => undefined,
  trimMemory: () => undefined,
  deriveConnectionIds: () => undefined,
};
const loaded = (): LoadedAddon => ({ addon });
const missing = (): LoadedAddon => ({ reason: "no addon here, at length", brief: "no addon here" });
const upstream = { address: "127.0.0.1", port: 4434 };

describe("chooseBackend", () => {
  it("takes native where it runs, and says with how many threads", () => {
    expect(chooseBackend({ backend: "auto", threads: 1, upstream }, loaded)).toEqual({
      backend: "native",
      backendReason: "the fastest here, 1 thread",
      addon,
    });
    expect(chooseBackend({ backend: "native", threads: 4 }, loaded)).toMatchObject({
      backend: "native",
      backendReason: "as configured, 4 threads",
    });
  });

  it("takes dgram where native does not run, and says why and what is lost", () => {
    expect(chooseBackend({ backend: "auto", threads: 1 }, missing)).toEqual({
      backend: "dgram",
      backendReason: "no addon here; see `quicpipe doctor`",
    });
    expect(chooseBackend({ backend: "auto", threads: 4 }, missing)).toEqual({
      backend: "dgram",
      backendReason: "no addon here; see `quicpipe doctor`; one thread instead of 4",
    });
  });

  it("does not look for the addon where dgram is asked for", () => {
    expect(chooseBackend({ backend: "dgram", threads: 1 }, () => expect.unreachable("loaded"))).toEqual({
      backend: "dgram",
      backendReason: "as configured",
    });
  });

  it("leaves an upstream without virtual addresses to dgram", () => {
    const onIpv6 = { backend: "auto", threads: 1, upstream: { address: "::1", port: 4434 } } as const;
    expect(chooseBackend(onIpv6, loaded)).toEqual({
      backend: "dgram",
      backendReason: "native needs an upstream in 127.0.0.0/8, not ::1",
    });
  });

  it("refuses where native is asked for and cannot run", () => {
    expect(() => chooseBackend({ backend: "native", threads: 1 }, missing)).toThrow(
      expect.objectContaining({
        code: "ERR_QUICPIPE_BACKEND_UNAVAILABLE",
        message: expect.stringContaining("no addon here, at length"),
        details: { backend: "native", reason: "no addon here, at length; see `quicpipe doctor`" },
      }),
    );
  });
});
