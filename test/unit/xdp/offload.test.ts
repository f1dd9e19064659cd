import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { xdpPollMs } from "../../../src/defaults/index.ts";
import type { XdpStatus } from "../../../src/xdp/contract.ts";
import { createOffload, type Offload } from "../../../src/xdp/offload.ts";
import type { OffloadIntent } from "../../../src/xdp/offload-plan.ts";
import { createLink, FakeProgram, FakeSystem, systemError, withoutProgram } from "./fakes.ts";

const second = createLink({ name: "eth1", index: 3 });

/** An offload, the machine and the program that it works on, and what it said. */
interface Rig {
  readonly system: FakeSystem;
  readonly program: FakeProgram;
  readonly said: XdpStatus[];
  start(intent?: Partial<OffloadIntent>, address?: string): Offload;
}

function createRig(): Rig {
  const system = new FakeSystem();
  const program = new FakeProgram(system);
  const said: XdpStatus[] = [];
  return {
    system,
    program,
    said,
    start(intent = {}, address = "::") {
      const parts = { address, system, onChange: (status: XdpStatus) => said.push(status) };
      const offload = createOffload({ mode: "auto", ...intent }, program, parts);
      onTestFinished(() => offload.close());
      return offload;
    },
  };
}

/** What was attached and detached, in order. */
function attachments({ calls }: FakeProgram): string[] {
  return calls.filter((call) => /tach/.test(call));
}

function statesOf(offload: Offload): Record<string, string> {
  return Object.fromEntries(
    offload.status().interfaces.map(({ name, state, reason }) => [name, reason || state]),
  );
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("createOffload", () => {
  it("attaches to the interfaces that hold the relay's addresses, and to no others", () => {
    const { system, program, start } = createRig();
    system.put(second, ["198.51.100.1"]);
    system.put(createLink({ name: "eth2", index: 4 }), ["fe80::2"]);
    system.put(createLink({ name: "eth3", index: 5 }));
    expect(start().status()).toEqual({
      state: "on",
      reason: "",
      interfaces: [
        { name: "eth0", state: "native", reason: "" },
        { name: "eth1", state: "native", reason: "" },
      ],
      refusedRoutes: 0,
    });
    expect(attachments(program)).toEqual(["attach 2 native", "attach 3 native"]);
  });

  it("attaches where one bound address is, alone", () => {
    const { system, program, start } = createRig();
    system.put(second, ["198.51.100.1"]);
    start({}, "198.51.100.1");
    expect(attachments(program)).toEqual(["attach 3 native"]);
    expect(program.localAddresses).toEqual(["198.51.100.1"]);
  });

  it("attaches to the interfaces that are named, alone, and says which are missing", () => {
    const { system, program, start } = createRig();
    system.put(second, []);
    const offload = start({ interfaces: ["eth1", "eth7", "lo"] });
    expect(attachments(program)).toEqual(["attach 3 native"]);
    expect(statesOf(offload)).toEqual({
      lo: "only this host sends there",
      eth1: "native",
      eth7: "there is no such interface",
    });
  });

  it("tells the program all addresses of the host but those that only it reaches", () => {
    const { system, program, start } = createRig();
    system.held.set("lo", ["127.0.0.1", "::1", "192.0.2.53"]);
    const offload = start();
    expect(program.localAddresses).toEqual(["192.0.2.53", "2001:db8::1", "203.0.113.1"]);
    system.held.set("eth0", ["203.0.113.2"]);
    offload.refresh();
    expect(program.localAddresses).toEqual(["192.0.2.53", "203.0.113.2"]);
    expect(program.calls.filter((call) => call === "localAddresses")).toHaveLength(2);
  });

  it("makes a redirect target of what is attached and sends frames", () => {
    const { system, program, start } = createRig();
    system.put({ ...second, features: { runs: true, transmits: false } }, ["198.51.100.1"]);
    const offload = start();
    expect(program.redirectTargets).toEqual([2]);
    system.change(3, { features: { runs: true, transmits: true } });
    offload.refresh();
    expect(program.redirectTargets).toEqual([2, 3]);
  });

  it("says that the kernel refused addresses or redirect targets, and tries again", () => {
    const { system, program, start } = createRig();
    system.change(2, { kind: "veth" });
    program.refusals.set("localAddresses", "E2BIG").set("redirectTargets", "ENODEV");
    const offload = start();
    expect(offload.status()).toMatchObject({
      state: "on",
      reason:
        "the kernel does not take all addresses of this host (E2BIG); the kernel does not forward between interfaces (ENODEV)",
    });
    program.refusals.clear();
    offload.refresh();
    expect(offload.status().reason).toBe("");
    expect([program.localAddresses, program.redirectTargets]).toEqual([["2001:db8::1", "203.0.113.1"], [2]]);
  });

  it("says where it is pinned, or why not", () => {
    const { start } = createRig();
    expect(start({ pin: "/sys/fs/bpf/quicpipe/4433" }).status().pin).toBe("/sys/fs/bpf/quicpipe/4433");
    expect(start({ pinRefusal: "not pinned: no bpf file system" }).status().reason).toBe(
      "not pinned: no bpf file system",
    );
  });

  it("knows routes that the kernel has no room for", () => {
    const { program, said, start } = createRig();
    const offload = start();
    program.refusedRoutes = 4;
    expect(offload.status().refusedRoutes).toBe(4);
    offload.refresh();
    program.refusedRoutes = 5;
    offload.refresh();
    expect(said.map(({ refusedRoutes }) => refusedRoutes)).toEqual([4]);
  });
});

describe("an interface that is refused", () => {
  it("gets the generic mode, with the reason, and is not asked again", () => {
    const { system, program, start } = createRig();
    system.change(2, { features: undefined, driver: "r8169" });
    program.refusals.set("attach 2 native", "EOPNOTSUPP");
    const offload = start();
    for (let look = 0; look < 3; look++) offload.refresh();
    expect(statesOf(offload)).toEqual({ eth0: "the driver r8169 has no native XDP" });
    expect(offload.status()).toMatchObject({ state: "on", interfaces: [{ state: "generic" }] });
    expect(attachments(program)).toEqual(["attach 2 native", "attach 2 generic"]);
  });

  it("stays in user space if both modes are refused, with both reasons", () => {
    const { program, start } = createRig();
    program.refusals.set("attach 2 native", "EIO").set("attach 2 generic", "ENOMEM");
    const offload = start();
    offload.refresh();
    expect(offload.status()).toMatchObject({
      state: "off",
      reason: "eth0: native: the kernel refuses (EIO); generic: there is too little memory (ENOMEM)",
    });
    expect(attachments(program)).toHaveLength(2);
  });

  it("gets only the mode that was asked for", () => {
    const { program, start } = createRig();
    program.refusals.set("attach 2 native", "EIO");
    expect(start({ mode: "native" }).status().state).toBe("off");
    expect(statesOf(start({ mode: "generic" }))).toEqual({ eth0: "as configured" });
    expect(attachments(program)).toEqual(["attach 2 native", "attach 2 generic"]);
  });

  it("is tried anew when it has changed, and ends up where it was if it is refused again", () => {
    const { system, program, start } = createRig();
    system.change(2, { mtu: 9000 });
    program.refusals.set("attach 2 native", "ERANGE");
    const offload = start();
    system.change(2, { mtu: 8000 });
    offload.refresh();
    expect(offload.status().interfaces[0]).toMatchObject({
      state: "generic",
      reason: expect.stringContaining("an MTU of 8000"),
    });
    program.refusals.clear();
    system.change(2, { mtu: 1500 });
    offload.refresh();
    expect(offload.status().interfaces[0]).toMatchObject({ state: "native" });
    expect(attachments(program).join(", ")).toBe(
      "attach 2 native, attach 2 generic, detach 2, attach 2 native, attach 2 generic, detach 2, attach 2 native",
    );
  });

  it("goes over to generic when the other end of its pair stops taking frames", () => {
    const { system, program, start } = createRig();
    system.change(2, { kind: "veth", driver: "veth" });
    const offload = start();
    system.change(2, { features: { runs: true, transmits: false } });
    offload.refresh();
    expect(statesOf(offload)["eth0"]).toContain("gro on");
    expect(attachments(program)).toEqual(["attach 2 native", "detach 2", "attach 2 generic"]);
  });
});

describe("an interface that comes, goes and changes", () => {
  it("is taken up when it comes, at the next look", () => {
    const { system, program, said, start } = createRig();
    start();
    system.put(second, ["198.51.100.1"]);
    vi.advanceTimersByTime(xdpPollMs - 1);
    expect(said).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(said.map(({ interfaces }) => interfaces.map(({ name }) => name))).toEqual([["eth0", "eth1"]]);
    expect(attachments(program)).toEqual(["attach 2 native", "attach 3 native"]);
    expect(program.redirectTargets).toEqual([2, 3]);
  });

  it("is released when it has gone, and attached again under its new index", () => {
    const { system, program, said, start } = createRig();
    const offload = start();
    system.remove(2);
    offload.refresh();
    expect(said.at(-1)).toMatchObject({ state: "off", reason: "no network interface has an address" });
    expect(program.redirectTargets).toEqual([]);
    system.put(createLink({ index: 9 }), ["203.0.113.1"]);
    offload.refresh();
    expect(said.at(-1)).toMatchObject({ state: "on" });
    expect(attachments(program)).toEqual(["attach 2 native", "detach 2", "attach 9 native"]);
  });

  it("is waited for while it is down, and kept when it goes down", () => {
    const { system, program, start } = createRig();
    system.change(2, { isUp: false });
    const offload = start({ interfaces: ["eth0"] });
    expect(offload.status()).toMatchObject({ state: "off", reason: "eth0: is down" });
    system.change(2, { isUp: true });
    offload.refresh();
    system.change(2, { isUp: false });
    offload.refresh();
    expect(offload.status()).toMatchObject({ state: "on" });
    expect(attachments(program)).toEqual(["attach 2 native"]);
  });

  it("is kept when it loses its carrier, and with that its addresses", () => {
    const { system, program, start } = createRig();
    const offload = start();
    system.change(2, { isUp: false });
    system.held.set("eth0", []);
    offload.refresh();
    expect(attachments(program)).toEqual(["attach 2 native"]);
  });

  it("is given back when it loses its addresses", () => {
    const { system, program, start } = createRig();
    const offload = start();
    system.held.set("eth0", []);
    offload.refresh();
    expect(attachments(program)).toEqual(["attach 2 native", "detach 2"]);
    expect(offload.status()).toMatchObject({ state: "off", interfaces: [] });
  });

  it("is taken up when it begins to forward, and given back when it stops", () => {
    const { system, program, start } = createRig();
    system.setForwarding("eth0", "ipv4", "0");
    system.setForwarding("eth0", "ipv6", "0");
    const offload = start();
    expect(offload.status().reason).toContain("net.ipv4.conf.eth0.forwarding");
    system.setForwarding("eth0", "ipv6", "1");
    offload.refresh();
    expect(statesOf(offload)).toEqual({ eth0: "native" });
    system.setForwarding("eth0", "ipv6", "0");
    offload.refresh();
    expect(attachments(program)).toEqual(["attach 2 native", "detach 2"]);
  });

  it("asks for forwarding of no other IP version than that of the bound address", () => {
    const { system, start } = createRig();
    system.setForwarding("eth0", "ipv4", "0");
    expect(start({}, "203.0.113.1").status().reason).toBe("eth0: net.ipv4.conf.eth0.forwarding is 0");
  });

  it("is left alone while it has another's program, and taken up when that goes", () => {
    const { system, program, start } = createRig();
    system.change(2, { program: { id: 5, mode: "generic" } });
    const offload = start();
    expect(offload.status().reason).toBe("eth0: another XDP program is attached (id 5), and left alone");
    expect(attachments(program)).toEqual([]);
    system.put(withoutProgram(system.interfaces.get(2)!));
    offload.refresh();
    expect(attachments(program)).toEqual(["attach 2 native"]);
  });

  it("is attached again when another process has detached the program", () => {
    const { system, program, start } = createRig();
    const offload = start();
    system.put(withoutProgram(system.interfaces.get(2)!));
    offload.refresh();
    expect(attachments(program)).toEqual(["attach 2 native", "attach 2 native"]);
  });
});

describe("an interface that an earlier process attached", () => {
  it.each(["native", "generic"] as const)("keeps its %s mode without a gap", (mode) => {
    const { system, program, start } = createRig();
    system.change(2, { program: { id: 77, mode } });
    const offload = start();
    offload.refresh();
    expect(attachments(program)).toEqual([]);
    expect(offload.status().interfaces[0]).toMatchObject({ state: mode });
  });

  it("gets another mode if that is asked for", () => {
    const { system, program, start } = createRig();
    system.change(2, { program: { id: 77, mode: "generic" } });
    start({ mode: "native" });
    expect(attachments(program)).toEqual(["detach 2", "attach 2 native"]);
  });

  it("is given back if it is none of the relay's any more", () => {
    const { system, program, start } = createRig();
    system.put({ ...second, program: { id: 77, mode: "native" } }, []);
    start();
    expect(attachments(program)).toEqual(["attach 2 native", "detach 3"]);
  });
});

describe("the look at the interfaces", () => {
  it("says nothing while nothing changes in words", () => {
    const { system, said, start } = createRig();
    start();
    system.held.set("eth0", ["203.0.113.2"]);
    vi.advanceTimersByTime(10 * xdpPollMs);
    expect(said).toEqual([]);
  });

  it("says why it cannot look, keeps what is attached, and goes on", () => {
    const { system, program, said, start } = createRig();
    start();
    system.fault = systemError("EMFILE");
    vi.advanceTimersByTime(2 * xdpPollMs);
    expect(said).toMatchObject([{ state: "on", reason: "the interfaces cannot be read (EMFILE)" }]);
    system.fault = undefined;
    vi.advanceTimersByTime(xdpPollMs);
    expect(said).toMatchObject([{}, { state: "on", reason: "" }]);
    expect(attachments(program)).toEqual(["attach 2 native"]);
  });

  it("ends when it is closed, and leaves the program where it is", () => {
    const { system, program, start } = createRig();
    const offload = start();
    offload.close();
    offload.close();
    system.put(second, ["198.51.100.1"]);
    vi.advanceTimersByTime(2 * xdpPollMs);
    expect(attachments(program)).toEqual(["attach 2 native"]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
