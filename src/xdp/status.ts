import type { XdpInterfaceStatus, XdpStatus } from "./contract.ts";

/** The status of a relay that forwards in user space alone. */
export function offStatus(reason: string): XdpStatus {
  return { state: "off", reason, interfaces: [], refusedRoutes: 0 };
}

/** Describes a status for a line of the log: `xdp on eth0 (native), eth1 (off: is down)`. */
export function describeXdp({ state, reason, interfaces, pin, refusedRoutes }: XdpStatus): string {
  if (state === "off") return `xdp off (${reason})`;
  const parts = [
    `xdp on ${interfaces.map(describeInterface).join(", ")}`,
    ...(pin === undefined ? [] : [`pinned in ${pin}`]),
    ...(reason === "" ? [] : [reason]),
    ...(refusedRoutes === 0 ? [] : ["its tables are full, so that some routes stay in user space"]),
  ];
  return parts.join("; ");
}

/** Describes for a line of the log which pins of an earlier relay were removed. */
export function describeRemoval(folders: readonly string[]): string {
  return `removed the pins that an earlier relay left in ${folders.join(", ")}`;
}

function describeInterface({ name, state, reason }: XdpInterfaceStatus): string {
  return `${name} (${reason === "" ? state : `${state}: ${reason}`})`;
}
