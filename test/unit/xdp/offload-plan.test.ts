import { describe, expect, it } from "vitest";
import type { XdpOption } from "../../../src/xdp/contract.ts";
import { type OffloadPlan, prepareOffload } from "../../../src/xdp/offload-plan.ts";
import { FakeSystem, systemError } from "./fakes.ts";

function prepare(
  option: XdpOption,
  change: (system: FakeSystem) => void = () => {},
  host = "::",
): OffloadPlan {
  const system = new FakeSystem();
  change(system);
  return prepareOffload(option, { host, port: 4433, system });
}

function switchOff(system: FakeSystem): void {
  for (const family of ["ipv4", "ipv6"] as const) system.setForwarding("eth0", family, "0");
}

describe("prepareOffload", () => {
  it("tries where nothing speaks against it", () => {
    expect(prepare("auto")).toEqual({ state: "try", mode: "auto" });
    expect(prepare({ interfaces: ["eth0"], mode: "generic" })).toEqual({
      state: "try",
      interfaces: ["eth0"],
      mode: "generic",
    });
  });

  it("tries for a named interface while another one is missing", () => {
    expect(prepare({ interfaces: ["eth7", "eth0"] })).toMatchObject({ state: "try" });
  });

  it.each<[string, XdpOption, (system: FakeSystem) => void]>([
    ["as configured", "off", () => {}],
    ["needs Linux, and this is darwin", "auto", (system) => (system.platform = "darwin")],
    ["needs Linux 5.14, and this is 5.10.0-9", "auto", (system) => (system.kernelRelease = "5.10.0-9")],
    ["needs CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON", "auto", (system) => (system.capabilities = 0n)],
    ["there is no interface eth7 or eth8, only lo, eth0", { interfaces: ["eth7", "eth8"] }, () => {}],
    ["there is no network interface", "auto", (system) => system.remove(2)],
    ["the interfaces cannot be read (EMFILE)", "auto", (system) => (system.fault = systemError("EMFILE"))],
    [
      "the interfaces cannot be read (ENFILE)",
      "auto",
      (system) => (system.addressFault = systemError("ENFILE")),
    ],
  ])("is off with a reason: %s", (reason, option, change) => {
    expect(prepare(option, change)).toEqual({ state: "off", reason });
  });

  it("makes no tables on its own where nothing would be forwarded, but does where that was asked for", () => {
    expect(prepare("auto", switchOff)).toEqual({
      state: "off",
      reason: "eth0: net.ipv4.conf.eth0.forwarding and net.ipv6.conf.eth0.forwarding are 0",
    });
    expect(prepare({ pin: false }, switchOff)).toMatchObject({ state: "try" });
    expect(prepare("auto", (system) => system.held.set("eth0", []))).toEqual({
      state: "off",
      reason: "no network interface has an address",
    });
    expect(prepare("auto", () => {}, "198.51.100.7")).toMatchObject({
      reason: "no network interface has 198.51.100.7",
    });
  });

  it("is off where only this host reaches the relay", () => {
    expect(prepare("auto", undefined, "127.0.0.1")).toEqual({
      state: "off",
      reason: "only this host sends to 127.0.0.1",
    });
  });
});

describe("prepareOffload with pins", () => {
  it("makes a folder named after network namespace, address and port, or the one that is given", () => {
    const system = new FakeSystem();
    system.bpfFileSystems.push("/sys/fs/bpf");
    const relay = { host: "::", port: 4433, system };
    const own = "/sys/fs/bpf/relays/one";
    expect(prepareOffload({ pin: true }, relay)).toMatchObject({
      pin: "/sys/fs/bpf/quicpipe/4026531840_::_4433",
    });
    expect(prepareOffload({ pin: own }, relay)).toMatchObject({ pin: own });
    expect(system.claimed).toEqual(["/sys/fs/bpf/quicpipe/4026531840_::_4433", own]);
  });

  it("makes none for a relay that will not forward in the kernel", () => {
    const system = new FakeSystem();
    system.bpfFileSystems.push("/sys/fs/bpf");
    system.capabilities = 0n;
    expect(prepareOffload({ pin: true }, { host: "::", port: 4433, system })).toMatchObject({ state: "off" });
    expect(system.claimed).toEqual([]);
  });

  it.each<[string, XdpOption, number, (system: FakeSystem) => void]>([
    ["/sys/fs/bpf/quicpipe/4026531840_::_4433 is in no bpf file system", { pin: true }, 4433, () => {}],
    ["/tmp/pins is in no bpf file system", { pin: "/tmp/../tmp/pins" }, 4433, () => {}],
    [
      "/proc does not show the network namespace",
      { pin: true },
      4433,
      (system) => (system.networkNamespace = undefined),
    ],
    ["port 0 is another one after each start", { pin: true }, 0, () => {}],
    [
      "/sys/fs/bpf/quicpipe/4026531840_::_4433 belongs to another user",
      { pin: true },
      4433,
      (system) => {
        system.bpfFileSystems.push("/sys/fs/bpf");
        system.claimRefusal = "belongs to another user";
      },
    ],
  ])("goes on without: %s", (reason, option, port, change) => {
    const system = new FakeSystem();
    change(system);
    expect(prepareOffload(option, { host: "::", port, system })).toEqual({
      state: "try",
      mode: "auto",
      pinRefusal: `not pinned: ${reason}`,
    });
  });
});
