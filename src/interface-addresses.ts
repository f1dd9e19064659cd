import { networkInterfaces } from "node:os";

/** Returns the IP literals of the system's interfaces, without zones. */
export function interfaceAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address) ?? []);
}
