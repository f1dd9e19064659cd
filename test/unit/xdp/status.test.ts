import { describe, expect, it } from "vitest";
import type { XdpStatus } from "../../../src/xdp/contract.ts";
import { describeXdp, offStatus } from "../../../src/xdp/status.ts";

const on: XdpStatus = {
  state: "on",
  reason: "",
  interfaces: [
    { name: "eth0", state: "native", reason: "" },
    { name: "eth1", state: "generic", reason: "the driver r8169 has no native XDP" },
    { name: "eth2", state: "off", reason: "is down" },
  ],
  refusedRoutes: 0,
};
const interfaces =
  "xdp on eth0 (native), eth1 (generic: the driver r8169 has no native XDP), eth2 (off: is down)";

describe("describeXdp", () => {
  it("names each interface with its mode, and why it is no better", () => {
    expect(describeXdp(on)).toBe(interfaces);
  });

  it("says where it is pinned, what is not as asked for, and that the tables are full", () => {
    expect(describeXdp({ ...on, pin: "/sys/fs/bpf/quicpipe/4433", refusedRoutes: 3 })).toBe(
      `${interfaces}; pinned in /sys/fs/bpf/quicpipe/4433; its tables are full, so that some routes stay in user space`,
    );
    expect(describeXdp({ ...on, reason: "not pinned: no" })).toBe(`${interfaces}; not pinned: no`);
  });

  it("says why it is off", () => {
    expect(describeXdp(offStatus("needs CAP_BPF"))).toBe("xdp off (needs CAP_BPF)");
  });
});
