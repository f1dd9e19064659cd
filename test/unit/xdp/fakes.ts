import type { Link, PinnedTables, XdpMode, XdpProgram } from "../../../src/xdp/contract.ts";
import type { XdpSystem } from "../../../src/xdp/system.ts";

/** An Ethernet interface that is up, with a driver that can all. */
export function createLink(change: Partial<Link> = {}): Link {
  return {
    name: "eth0",
    index: 2,
    kind: "",
    driver: "ixgbe",
    mtu: 1500,
    isUp: true,
    isLoopback: false,
    isEthernet: true,
    features: { runs: true, transmits: true },
    ...change,
  };
}

/** CAP_NET_ADMIN, CAP_PERFMON and CAP_BPF. */
export const neededCapabilities: bigint = (1n << 12n) | (1n << 38n) | (1n << 39n);

/** A machine with a loopback and an Ethernet interface, which forwards and lets this process do all. */
export class FakeSystem implements XdpSystem {
  platform: NodeJS.Platform = "linux";
  kernelRelease = "6.18.1-test";
  capabilities: bigint = neededCapabilities;
  isInUserNamespace = false;
  /** By index. */
  readonly interfaces: Map<number, Link> = new Map();
  readonly held: Map<string, readonly string[]> = new Map();
  /** By path below /proc/sys. */
  readonly settings: Map<string, string> = new Map();
  readonly bpfFileSystems: string[] = [];
  readonly claimed: string[] = [];
  claimRefusal: string | undefined;
  networkNamespace: number | undefined = 4_026_531_840;
  /** Names of the folders of pins. */
  readonly folders: string[] = [];
  /** By path; reading any other throws ENOENT. */
  readonly pinned: Map<string, PinnedTables> = new Map();
  readonly removed: string[] = [];
  removalRefusal: string | undefined;
  /** What reading the interfaces throws. */
  fault: Error | undefined;
  /** What reading their addresses throws. */
  addressFault: Error | undefined;

  constructor() {
    const loopback = { name: "lo", index: 1, isLoopback: true, isEthernet: false };
    this.put(createLink(loopback), ["127.0.0.1", "::1"]);
    this.put(createLink(), ["203.0.113.1", "2001:db8::1", "fe80::1"]);
  }

  /** Adds or changes an interface, which forwards both IP versions unless it was told otherwise before. */
  put(link: Link, addresses?: readonly string[]): void {
    this.interfaces.set(link.index, link);
    if (addresses) this.held.set(link.name, addresses);
    for (const family of ["ipv4", "ipv6"] as const)
      if (!this.settings.has(forwarding(link.name, family))) this.setForwarding(link.name, family, "1");
  }

  change(index: number, change: Partial<Link>): void {
    this.interfaces.set(index, { ...this.interfaces.get(index)!, ...change });
  }

  remove(index: number): void {
    this.held.delete(this.interfaces.get(index)!.name);
    this.interfaces.delete(index);
  }

  setForwarding(name: string, family: "ipv4" | "ipv6", value: "0" | "1"): void {
    this.settings.set(forwarding(name, family), value);
  }

  links(): readonly Link[] {
    if (this.fault) throw this.fault;
    return [...this.interfaces.values()];
  }

  addresses(): ReadonlyMap<string, readonly string[]> {
    if (this.addressFault) throw this.addressFault;
    return this.held;
  }

  setting(path: string): string | undefined {
    return this.settings.get(path);
  }

  isInBpfFileSystem(path: string): boolean {
    return this.bpfFileSystems.some((root) => path === root || path.startsWith(`${root}/`));
  }

  claimFolder(path: string): string | undefined {
    this.claimed.push(path);
    return this.claimRefusal;
  }

  namesIn(folder: string): readonly string[] {
    return folder === "/sys/fs/bpf/quicpipe" ? this.folders : [];
  }

  readPins(path: string): PinnedTables {
    const pins = this.pinned.get(path);
    if (!pins) throw systemError("ENOENT");
    return pins;
  }

  removePins(path: string): string | undefined {
    this.removed.push(path);
    return this.removalRefusal;
  }
}

function forwarding(name: string, family: "ipv4" | "ipv6"): string {
  return `net/${family}/conf/${name}/forwarding`;
}

/** An error as the system and the addon throw them. */
export function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** A program in the kernel of a {@link FakeSystem}: attaching it is to be seen on the links. */
export class FakeProgram implements XdpProgram {
  readonly programId = 77;
  refusedRoutes = 0;
  localAddresses: readonly string[] = [];
  redirectTargets: readonly number[] = [];
  /** What was done, in order: `attach 2 native`, `detach 2`, `localAddresses`, `redirectTargets`. */
  readonly calls: string[] = [];
  /** The system's code with which a call is refused; by the call as in `calls`. */
  readonly refusals: Map<string, string> = new Map();
  readonly #system: FakeSystem;

  constructor(system: FakeSystem) {
    this.#system = system;
  }

  attach(index: number, mode: XdpMode): void {
    this.#call(`attach ${index} ${mode}`);
    this.#system.change(index, { program: { id: this.programId, mode } });
  }

  detach(index: number): void {
    const link = this.#system.interfaces.get(index);
    // What is not attached is not touched.
    if (link && link.program?.id !== this.programId) return;
    this.#call(`detach ${index}`);
    if (link) this.#system.interfaces.set(index, withoutProgram(link));
  }

  setLocalAddresses(addresses: readonly string[]): void {
    this.#call("localAddresses");
    this.localAddresses = addresses;
  }

  setRedirectTargets(indexes: readonly number[]): void {
    this.#call("redirectTargets");
    this.redirectTargets = indexes;
  }

  #call(call: string): void {
    this.calls.push(call);
    const code = this.refusals.get(call);
    if (code !== undefined) throw systemError(code);
  }
}

/** The interface after its program has been detached. */
export function withoutProgram(link: Link): Link {
  return { ...link, program: undefined };
}
