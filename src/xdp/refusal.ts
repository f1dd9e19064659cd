import type { Link, XdpMode } from "./contract.ts";

/** Longest MTU whose frames fit into a page with the data that XDP and the kernel put around them. */
export const longestNativeMtu = 3498;

/** Returns a clause on why the kernel refused to attach the program. `code` is the system's error code. */
export function attachRefusal(code: string, mode: XdpMode, link: Link): string {
  if (mode === "native" && ["EINVAL", "ERANGE"].includes(code) && link.mtu > longestNativeMtu)
    return `an MTU of ${link.mtu} is too much for ${driverOf(link)} with XDP (${code}), as is any over ${longestNativeMtu}`;
  if (mode === "native" && code === "EOPNOTSUPP")
    return link.features?.runs
      ? `${driverOf(link)} refuses as it is set up now (${code})`
      : `${driverOf(link)} has no native XDP`;
  return attachWords[code] ?? `the kernel refuses (${code})`;
}

const attachWords: Readonly<Record<string, string>> = {
  EBUSY: "another XDP program is attached",
  EEXIST: "another XDP program is attached",
  ENODEV: "the interface is gone",
  ENOMEM: "there is too little memory (ENOMEM)",
  ENOSPC: "the network card has too few queues, or the program is on too many interfaces (ENOSPC)",
  EPERM: "the system does not allow it (EPERM)",
};

/** Names an interface's driver for use in a sentence. */
export function driverOf({ driver, kind }: Link): string {
  const name = driver || kind;
  return name ? `the driver ${name}` : "its driver";
}
