import { describe, expect, it } from "vitest";
import { chooseRedirectTargets, planAttach, settingName } from "../../../src/xdp/policy.ts";
import { createLink } from "./fakes.ts";

const both = { ipv4: true, ipv6: true };
const veth = createLink({ kind: "veth", driver: "veth" });
const deafVeth = { ...veth, features: { runs: true, transmits: false } };

describe("planAttach", () => {
  it.each([
    ["leaves loopback alone", { isLoopback: true }, both, "only this host sends there"],
    ["leaves tunnels alone", { isEthernet: false }, both, "its packets are without Ethernet headers"],
    [
      "leaves another's program alone, and names it",
      { program: { id: 5, mode: "native" } },
      both,
      "another XDP program is attached (id 5), and left alone",
    ],
    ["waits for an interface that is down", { isUp: false }, both, "is down"],
    [
      "names the setting that keeps the kernel from forwarding",
      {},
      { ipv4: false },
      "net.ipv4.conf.eth0.forwarding is 0",
    ],
    [
      "names the settings of both IP versions",
      {},
      { ipv4: false, ipv6: false },
      "net.ipv4.conf.eth0.forwarding and net.ipv6.conf.eth0.forwarding are 0",
    ],
  ] as const)("%s", (_, change, forwarding, refusal) => {
    const facts = { link: createLink(change), forwarding };
    expect(planAttach(facts, "auto", 77)).toEqual({ refusal });
    expect(planAttach(facts, "native", 77)).toEqual({ refusal });
    expect(planAttach(facts, "generic", 77)).toEqual({ refusal });
  });

  it.each([
    ["the driver, then generic", createLink(), undefined],
    ["the driver of an older kernel, then generic", createLink({ features: undefined }), undefined],
    [
      "generic where the driver has no XDP",
      createLink({ features: { runs: false, transmits: false } }),
      "the driver ixgbe has no native XDP",
    ],
    ["a veth pair's driver where the other end takes frames", veth, undefined],
    [
      "generic on a veth pair whose other end takes none",
      deafVeth,
      "the other end of the pair takes no XDP frames: ethtool -K <its name there> gro on",
    ],
    [
      "generic on a veth pair of an older kernel",
      { ...veth, features: undefined },
      "a kernel before 6.3 does not tell whether the other end of the pair takes XDP frames",
    ],
    ["the driver in spite of an MTU that it may refuse", createLink({ mtu: 9000 }), undefined],
  ])("tries %s", (_, link, refusal) => {
    const native = { mode: "native", ...(refusal !== undefined && { refusal }) };
    const facts = { link, forwarding: both };
    expect(planAttach(facts, "auto", 77)).toEqual({ steps: [native, { mode: "generic" }] });
    expect(planAttach(facts, "native", 77)).toEqual({ steps: [native] });
    expect(planAttach(facts, "generic", 77)).toEqual({ steps: [{ mode: "generic" }] });
  });

  it("is content with one IP version that is forwarded", () => {
    const forwarding = { ipv4: false, ipv6: true };
    expect(planAttach({ link: createLink(), forwarding }, "generic")).toEqual({
      steps: [{ mode: "generic" }],
    });
  });

  it("keeps its own program on an interface that goes down", () => {
    const link = createLink({ isUp: false, program: { id: 77, mode: "native" } });
    expect(planAttach({ link, forwarding: both }, "native", 77)).toEqual({ steps: [{ mode: "native" }] });
  });
});

describe("settingName", () => {
  it("writes dots, but for names that have some of their own", () => {
    expect(settingName("net/ipv4/conf/eth0/forwarding")).toBe("net.ipv4.conf.eth0.forwarding");
    expect(settingName("net/ipv4/conf/eth0.7/forwarding")).toBe("net/ipv4/conf/eth0.7/forwarding");
  });
});

describe("chooseRedirectTargets", () => {
  const native = createLink({ index: 2, program: { id: 77, mode: "native" } });
  const deaf = { ...native, index: 3, features: { runs: true, transmits: false } };
  const generic = createLink({ index: 4, program: { id: 77, mode: "generic" }, features: undefined });

  it("takes them all where all receive socket buffers", () => {
    expect(chooseRedirectTargets([generic, { ...generic, index: 5 }])).toEqual([4, 5]);
  });

  it("takes only those that send frames where one receives frames", () => {
    expect(chooseRedirectTargets([native, deaf, generic])).toEqual([2]);
  });

  it("leaves the way back of a single interface to its driver, but for veth, which would keep the frames", () => {
    expect(chooseRedirectTargets([native])).toEqual([]);
    expect(chooseRedirectTargets([generic])).toEqual([]);
    expect(chooseRedirectTargets([{ ...native, kind: "veth" }])).toEqual([2]);
  });

  it("takes none where nothing is attached", () => {
    expect(chooseRedirectTargets([])).toEqual([]);
  });
});
