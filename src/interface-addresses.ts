import { type NetworkInterfaceInfo, networkInterfaces } from "node:os";

/** The interfaces of a system by name, as `node:os` has them. */
type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>;

let latest: Interfaces = {};

/** Returns the system's interfaces; those of the last time where it tells none, as in a process that has no file descriptor left. */
export function systemInterfaces(read: () => Interfaces = networkInterfaces): Interfaces {
  try {
    latest = read();
  } catch {
    // The system opens a socket to answer. There will be one again.
  }
  return latest;
}

/** Returns the IP literals of the system's interfaces, without zones. */
export function interfaceAddresses(): string[] {
  return Object.values(systemInterfaces()).flatMap((all) => all?.map(({ address }) => address) ?? []);
}
