/** How the kernel runs the program: in the network driver, or, slower and anywhere, when a packet enters the stack. */
export type XdpMode = "native" | "generic";

/** Where and how to forward in the kernel. */
export interface XdpInterfaceOptions {
  /** Names of interfaces, such as `eth0`; if absent those that hold the addresses that the relay listens on. */
  readonly interfaces?: readonly string[];
  /** Which mode to take; `"auto"`, the default: native, or generic where that is refused. */
  readonly mode?: "auto" | XdpMode;
  /**
   * Keeps the program and its tables while no process runs, so that packets flow over a restart; `false` if absent.
   * `true` is `/sys/fs/bpf/quicpipe/<port>`; a path has to be in a bpf file system and this relay's alone.
   */
  readonly pin?: boolean | string;
}

/** Whether to forward in the kernel; `"auto"`: on the interfaces of the addresses that are bound, if that is allowed. */
export type XdpOption = "auto" | "off" | XdpInterfaceOptions;

/** An interface as the kernel tells of it (rtnetlink, the netdev family of generic netlink, ethtool). */
export interface Link {
  readonly name: string;
  readonly index: number;
  /** What the kernel calls a virtual interface's kind: `veth`, `bridge`, `vlan`, …; empty for hardware and loopback. */
  readonly kind: string;
  /** Name of the driver; empty if it does not tell. */
  readonly driver: string;
  readonly mtu: number;
  /** Whether it is switched on and has a carrier. */
  readonly isUp: boolean;
  readonly isLoopback: boolean;
  /** Whether its packets begin with an Ethernet header, as the program expects; those of tunnels often do not. */
  readonly isEthernet: boolean;
  /** The XDP program that is attached; absent if there is none. */
  readonly program?: { readonly id: number; readonly mode: XdpMode };
  /** What the driver can do right now; absent before Linux 6.3, which first tells. */
  readonly features?: {
    /** Runs programs, and lets them send packets back out (XDP_PASS, XDP_TX, …). */
    readonly runs: boolean;
    /** Sends what another interface received (ndo_xdp_xmit). */
    readonly transmits: boolean;
  };
}

/** The program in the kernel with the tables of one forwarder. The handle of the addon is one. */
export interface XdpProgram {
  /** The kernel's id of the program, by which {@link Link.program} is known to be this one. */
  readonly programId: number;
  /** Routes that found no room in the kernel and stay in user space. */
  readonly refusedRoutes: number;
  /**
   * Attaches the program to an interface, and pins the link where the program is pinned.
   * Throws an `Error` with the system's `code` if the kernel refuses: EBUSY, EEXIST, EOPNOTSUPP, ERANGE, EINVAL, …
   */
  attach(interfaceIndex: number, mode: XdpMode): void;
  /** Detaches it, and removes the pin; does nothing for an interface that it is not attached to. */
  detach(interfaceIndex: number): void;
  /** Says which addresses are this host's, in all: IP literals, IPv4 in plain form. */
  setLocals(addresses: readonly string[]): void;
  /** Says which interfaces send what another one received, in all. */
  setExits(interfaceIndexes: readonly number[]): void;
}

/** Where packets are forwarded in the kernel, and why no further. */
export interface XdpStatus {
  /** `"on"` while the program is attached to an interface. */
  readonly state: "on" | "off";
  /** Why it is off, or what is not as asked for; one clause without full stop, such as `needs CAP_NET_ADMIN`. */
  readonly reason: string;
  /** Every interface that was looked at. */
  readonly interfaces: readonly XdpInterfaceStatus[];
  /** Where program and tables are pinned; absent if they end with the process. */
  readonly pin?: string;
  /** Routes that found no room in the kernel and stay in user space. */
  readonly refusedRoutes: number;
}

export interface XdpInterfaceStatus {
  readonly name: string;
  readonly state: XdpMode | "off";
  /** Why it is not native, or off; empty for native. */
  readonly reason: string;
}
