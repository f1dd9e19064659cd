import { describe, expect, it } from "vitest";
import { diagnose } from "../../../../src/forwarder/doctor/doctor.ts";
import type { Finding } from "../../../../src/forwarder/doctor/finding.ts";
import { type Addon, addonAbi } from "../../../../src/forwarder/native/addon.ts";
import type { LoadedAddon } from "../../../../src/forwarder/native/load.ts";
import { createLink, FakeSystem, systemError } from "../../xdp/fakes.ts";

const addon: Addon = {
  abi: addonAbi,
  counterNames: [],
  hasProgram: true,
  open: () => expect.unreachable("nothing is opened"),
  links: () => [],
  readPins: () => expect.unreachable("no pins are read"),
  removePins: () => expect.unreachable("nothing is removed"),
  trimMemory: () => undefined,
  deriveConnectionIds: () => undefined,
};

interface Case {
  readonly change?: (system: FakeSystem) => void;
  readonly loaded?: LoadedAddon;
}

function findingsOf({ change = () => {}, loaded = { addon } }: Case): Finding[] {
  const system = new FakeSystem();
  system.bpfFileSystems.push("/sys/fs/bpf");
  change(system);
  return diagnose({ loaded, system });
}

/** What is said on a subject, level and remedies in one line each. */
function said(subject: string, given: Case): string[] {
  return findingsOf(given)
    .filter((finding) => finding.subject === subject)
    .map(({ level, sentence, remedies }) => [`${level}: ${sentence}`, ...remedies].join(" → "));
}

/** A machine that has neither a compiler for programs nor a place for pins. */
function makePlain(system: FakeSystem): void {
  system.bpfFileSystems.length = 0;
  system.settings.set("net/core/bpf_jit_enable", "0");
}

const leavePins = ({ folders }: FakeSystem): unknown =>
  folders.push("4433", "4026531840_::_4433", "4026532200_192-0-2-1_4433", "notes");

const hearRouters = (system: FakeSystem): unknown => system.settings.set("net/ipv6/conf/eth0/accept_ra", "1");
const routeIpv6 = (system: FakeSystem): void => system.setForwarding("all", "ipv6", "1");

function hearRoutersAlone(system: FakeSystem): void {
  hearRouters(system);
  noForwarding(system);
}

function addSecond(system: FakeSystem): void {
  const features = { runs: false, transmits: false };
  system.put(createLink({ name: "eth1", index: 3, features }), ["198.51.100.1"]);
}

const noForwarding = (system: FakeSystem): void => {
  system.setForwarding("eth0", "ipv4", "0");
  system.setForwarding("eth0", "ipv6", "0");
};

describe("diagnose", () => {
  it("finds nothing to better where there is nothing, loopback aside", () => {
    expect(findingsOf({}).filter(({ level }) => level !== "ok")).toEqual([]);
    expect(said("eth0", {})).toEqual([
      "ok: native (ixgbe, MTU 1500), then generic: only attaching shows whether the driver takes it as it is set up",
      "ok: forwards IPv4 for others too: the firewall's forward chain says for whom",
      "ok: forwards IPv6 for the relay alone",
    ]);
    expect(said("lo", {})).toEqual([]);
    expect(said("xdp", {})).toEqual(["ok: a relay started now would forward in the kernel on eth0 (native)"]);
  });

  it.each<[string, string, Case, string]>([
    [
      "an addon that does not load",
      "addon",
      { loaded: { reason: "the native addon does not load: no such file" } },
      "problem: the native addon does not load: no such file → cd node_modules/quicpipe && npx node-gyp rebuild, with a C compiler, make, Python 3 and libbpf-dev installed",
    ],
    [
      "an addon without the program",
      "addon",
      { loaded: { addon: { ...addon, hasProgram: false } } },
      "problem: the native addon loads, but was built without the XDP program → cd node_modules/quicpipe && npx node-gyp rebuild, with libbpf-dev installed",
    ],
    [
      "an old kernel",
      "kernel",
      { change: (system) => (system.kernelRelease = "5.10.0") },
      "problem: needs Linux 5.14, and this is 5.10.0",
    ],
    [
      "an ordinary user",
      "privileges",
      { change: (system) => (system.capabilities = 0n) },
      `problem: needs CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON → sudo setcap cap_bpf,cap_net_admin,cap_perfmon+ep ${process.execPath}, for all that this Node runs → systemd: AmbientCapabilities=CAP_BPF CAP_NET_ADMIN CAP_PERFMON → docker run --cap-add BPF --cap-add NET_ADMIN --cap-add PERFMON`,
    ],
    [
      "a user namespace",
      "privileges",
      { change: (system) => (system.isInUserNamespace = true) },
      "problem: runs in a user namespace, where capabilities do not count for BPF → run it outside of one: in no rootless container, and no one with user ids of its own",
    ],
    [
      "a machine without interfaces",
      "interfaces",
      { change: (system) => system.remove(createLink().index) },
      "problem: there is no network interface but loopback",
    ],
    [
      "interfaces that cannot be read",
      "interfaces",
      { change: (system) => (system.fault = systemError("EAFNOSUPPORT")) },
      "problem: the interfaces cannot be read (EAFNOSUPPORT)",
    ],
  ])("names %s as a problem, and what to do", (_, subject, given, line) => {
    expect(said(subject, given)).toEqual([line]);
    expect(said("xdp", given)).toEqual([
      "problem: a relay started now would forward in user space alone, for the reasons above",
    ]);
  });

  it("says nothing of the interfaces without the addon, which lists them", () => {
    const loaded = { reason: "the native addon does not load: no such file" };
    const subjects = findingsOf({ loaded }).map(({ subject }) => subject);
    expect(subjects).toEqual(["addon", "kernel", "privileges", "pin", "xdp"]);
  });

  it("hints at an interpreter in the kernel, and at a missing bpf file system", () => {
    expect(said("jit", { change: makePlain })).toEqual([
      "hint: the kernel interprets programs, which is slow → sysctl -w net.core.bpf_jit_enable=1",
    ]);
    expect(said("pin", { change: makePlain })).toEqual([
      "hint: /sys/fs/bpf is not a bpf file system, so packets cannot flow on while a relay restarts → mount -t bpf bpf /sys/fs/bpf",
    ]);
    expect(said("jit", { change: (system) => system.settings.set("net/core/bpf_jit_enable", "1") })).toEqual([
      "ok: the kernel compiles programs",
    ]);
  });
});

describe("diagnose, of pins", () => {
  it("names those that no relay here takes up, and leaves out those of this network namespace", () => {
    expect(said("pin", { change: leavePins }).slice(1)).toEqual([
      "hint: /sys/fs/bpf/quicpipe/4433 is named as by an earlier version, without the relay's address: a relay replaces it only if it takes packets from it → rm -r /sys/fs/bpf/quicpipe/4433, if no relay of that version runs",
      "ok: /sys/fs/bpf/quicpipe/4026532200_192-0-2-1_4433 belongs to a relay in another network namespace (4026532200) → rm -r /sys/fs/bpf/quicpipe/4026532200_192-0-2-1_4433, if that is gone: lsns -t net lists those that are there",
    ]);
  });
});

describe("diagnose, of an interface", () => {
  it.each<[string, (system: FakeSystem) => void, string]>([
    [
      "generic where the driver has no XDP",
      (system) => system.change(2, { driver: "r8169", features: { runs: false, transmits: false } }),
      "hint: generic (r8169, MTU 1500), which is slower: the driver r8169 has no native XDP",
    ],
    [
      "native with a doubt, on an older kernel",
      (system) => system.change(2, { features: undefined, driver: "" }),
      "ok: native (unknown driver, MTU 1500), then generic: only attaching shows whether the driver can; Linux 6.3 tells beforehand",
    ],
    [
      "native, if the MTU were not so large",
      (system) => system.change(2, { mtu: 9000 }),
      "hint: native (ixgbe, MTU 9000), then generic: most drivers refuse XDP with an MTU over 3498 → ip link set dev eth0 mtu 3498",
    ],
    [
      "another's program",
      (system) => system.change(2, { program: { id: 5, mode: "native" } }),
      "hint: off: another XDP program is attached (id 5), and left alone → bpftool prog show id 5, which tells whose it is",
    ],
    ["that it is down", (system) => system.change(2, { isUp: false }), "ok: off: is down"],
    [
      "that it has no address",
      (system) => system.held.set("eth0", ["fe80::1"]),
      "ok: off: has no address that others reach; a relay takes it only if its option names it",
    ],
  ])("says: %s", (_, change, line) => {
    expect(said("eth0", { change })[0]).toBe(line);
  });

  it("says what forwarding would bring, and what else it does", () => {
    expect(said("eth0", { change: noForwarding })).toEqual([
      expect.stringMatching(/^ok: native/),
      "hint: IPv4 stays in user space while net.ipv4.conf.eth0.forwarding is 0; 1 makes this host a router for what arrives there, so have the firewall's forward chain drop what is not to pass → sysctl -w net.ipv4.conf.eth0.forwarding=1",
      "hint: IPv6 stays in user space while net.ipv6.conf.eth0.forwarding is 0; at 1 router advertisements are heard only with accept_ra 2, and if net.ipv6.conf.all.forwarding is 1 too this host is a router → sysctl -w net.ipv6.conf.eth0.forwarding=1",
    ]);
    expect(said("xdp", { change: noForwarding })[0]).toMatch(/^problem/);
  });

  it("minds router advertisements before and after", () => {
    expect(said("eth0", { change: hearRoutersAlone })[2]).toMatch(
      /→ sysctl -w net\.ipv6\.conf\.eth0\.accept_ra=2 net\.ipv6\.conf\.eth0\.forwarding=1$/,
    );
    expect(said("eth0", { change: hearRouters })[2]).toBe(
      "hint: forwards IPv6, but addresses and routes from router advertisements run out while net.ipv6.conf.eth0.accept_ra is 1 → sysctl -w net.ipv6.conf.eth0.accept_ra=2",
    );
  });

  it("warns of IPv6 for others only where that is on for all", () => {
    expect(said("eth0", { change: routeIpv6 })[2]).toBe(
      "ok: forwards IPv6 for others too: the firewall's forward chain says for whom",
    );
  });

  it("names all that would forward", () => {
    expect(said("xdp", { change: addSecond })).toEqual([
      "ok: a relay started now would forward in the kernel on eth0 (native), eth1 (generic)",
    ]);
  });
});
