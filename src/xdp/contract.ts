/** How the kernel runs the program: in the network driver; or, slower but anywhere, when a packet enters the stack. */
export type XdpMode = "native" | "generic";

/** Where and how to forward in the kernel. */
export interface XdpInterfaceOptions {
  /** Interface names, such as `eth0`; if absent, the interfaces that hold the addresses that the relay listens on. */
  readonly interfaces?: readonly string[];
  /** Mode to use. `"auto"`, the default, is native, or generic where native is refused. */
  readonly mode?: "auto" | XdpMode;
  /**
   * Keeps the program and its tables while no process runs, so that packets flow across a restart; `false` if absent. `true`
   * stands for a folder in `/sys/fs/bpf/quicpipe` that is named after network namespace, address and port. A path must be in
   * a bpf file system and this relay's alone.
   */
  readonly pin?: boolean | string;
}

/** Whether to forward in the kernel. `"auto"` forwards on the interfaces of the bound addresses, if that is allowed. */
export type XdpOption = "auto" | "off" | XdpInterfaceOptions;

/** An interface as the kernel describes it (rtnetlink, the netdev family of generic netlink, ethtool). */
export interface Link {
  readonly name: string;
  readonly index: number;
  /** Kind of a virtual interface: `veth`, `bridge`, `vlan`, …; empty for hardware and loopback. */
  readonly kind: string;
  /** Name of the driver; empty if it is not reported. */
  readonly driver: string;
  readonly mtu: number;
  /** Whether it is switched on and has a carrier. */
  readonly isUp: boolean;
  readonly isLoopback: boolean;
  /** Whether packets begin with an Ethernet header, as the program expects. Those of tunnels often do not. */
  readonly isEthernet: boolean;
  /** The attached XDP program; absent if there is none. */
  readonly program?: { readonly id: number; readonly mode: XdpMode };
  /** Current features of the driver; absent before Linux 6.3, the first to report them. */
  readonly features?: {
    /** Runs programs, and lets them send packets back out (XDP_PASS, XDP_TX, …). */
    readonly runs: boolean;
    /** Sends packets that another interface received (ndo_xdp_xmit). */
    readonly transmits: boolean;
  };
}

/** Whose the pins in a folder are. */
export interface PinnedTables {
  /** The kernel's id of the pinned program. */
  readonly programId: number;
  /** Addresses of the relay that pinned it: IP literals, IPv4 in plain form. */
  readonly addresses: readonly string[];
}

/** Calls of the system that Node does not have. The addon makes them. */
export interface SystemCalls {
  /**
   * Reads the interfaces of this network namespace. Needs no privilege.
   *
   * Throws an `Error` with the system's `code` (`EMFILE`, `EAFNOSUPPORT`, …).
   */
  links(): Link[];
  /** Throws an `Error` with the system's `code`: `ENOENT` if no program is pinned there. */
  readPins(folder: string): PinnedTables;
  /**
   * Removes a folder of this user alone with all its pins, and detaches the program.
   *
   * Throws an `Error` with the system's `code`: `EAGAIN` if a process has the folder, which then stays as it is.
   */
  removePins(folder: string): void;
}

/** The program in the kernel, with the tables of one forwarder. The addon's handle is one. */
export interface XdpProgram {
  /** The kernel's id of the program, which identifies it in {@link Link.program}. */
  readonly programId: number;
  /** Routes that found no room in the kernel's tables and stay in user space. */
  readonly refusedRoutes: number;
  /**
   * Attaches the program to an interface, and pins the link if the program is pinned. Throws an `Error` with the system's
   * `code` if the kernel refuses: EBUSY, EEXIST, EOPNOTSUPP, ERANGE, EINVAL, …
   */
  attach(interfaceIndex: number, mode: XdpMode): void;
  /** Detaches the program and removes the pin. Does nothing for an interface to which it is not attached. */
  detach(interfaceIndex: number): void;
  /** Sets all addresses of this host: IP literals, IPv4 in plain form. */
  setLocalAddresses(addresses: readonly string[]): void;
  /** Sets all interfaces that send packets which another one received. */
  setRedirectTargets(interfaceIndexes: readonly number[]): void;
}

/** Where the kernel forwards packets, and why nowhere else. */
export interface XdpStatus {
  /** `"on"` while the program is attached to an interface. */
  readonly state: "on" | "off";
  /** Why it is off, or differs from the request: one clause without a full stop, such as `needs CAP_NET_ADMIN`. */
  readonly reason: string;
  /** Every interface that was considered. */
  readonly interfaces: readonly XdpInterfaceStatus[];
  /** Folder in which program and tables are pinned; absent if they end with the process. */
  readonly pin?: string;
  /** Routes that found no room in the kernel's tables and stay in user space. */
  readonly refusedRoutes: number;
}

export interface XdpInterfaceStatus {
  readonly name: string;
  readonly state: XdpMode | "off";
  /** Why it is not native, or off; empty for native. */
  readonly reason: string;
}
