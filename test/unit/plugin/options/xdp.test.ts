import { describe, expect, it } from "vitest";
import type { XdpOption } from "../../../../src/forwarder/index.ts";
import { resolveXdp } from "../../../../src/plugin/options/xdp.ts";

describe("resolveXdp", () => {
  it('is "auto" where nothing is said, and keeps what is', () => {
    expect(resolveXdp(undefined, undefined)).toBe("auto");
    expect(resolveXdp(undefined, "")).toBe("auto");
    expect(resolveXdp("off", "eth0")).toBe("off");
    expect(resolveXdp("auto", "eth0")).toBe("auto");
  });

  it("takes interfaces from the environment where the option is absent", () => {
    expect(resolveXdp(undefined, "eth0,wlan0.7")).toEqual({ interfaces: ["eth0", "wlan0.7"] });
  });

  it("fills in mode and pin of an object", () => {
    expect(resolveXdp({}, "eth0")).toEqual({ mode: "auto", pin: false });
    const full = { interfaces: ["eth0"], mode: "generic", pin: "/sys/fs/bpf/relay" } as const;
    expect(resolveXdp(full, undefined)).toEqual(full);
  });

  it.each<[string, unknown, string?]>([
    ["xdp", "on"],
    ["xdp", null],
    ["xdp", true],
    ["xdp.interfaces", { interfaces: [] }],
    ["xdp.interfaces", { interfaces: "eth0" }],
    ["xdp.interfaces", { interfaces: ["a/b"] }],
    ["xdp.interfaces", { interfaces: ["sixteen-bytes-xx"] }],
    ["xdp.mode", { mode: "driver" }],
    ["xdp.pin", { pin: "relative" }],
    ["xdp.pin", { pin: 1 }],
    ["xdp.interface", { interface: "eth0" }],
    ["QUICPIPE_XDP_IFACE", undefined, "eth0,,eth1"],
    ["QUICPIPE_XDP_IFACE", undefined, "eth 0"],
  ])("refuses %s as in %j %s", (option, value, environment) => {
    const details = { option };
    expect(() => resolveXdp(value as XdpOption | undefined, environment)).toThrow(
      expect.objectContaining({ code: "ERR_QUICPIPE_OPTION_INVALID", details }),
    );
  });
});
