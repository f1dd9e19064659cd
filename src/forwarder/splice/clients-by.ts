import { createSocket } from "node:dgram";
import { isIPv6 } from "node:net";
import type { Address } from "../../wire/address.ts";
import type { ClientsBy } from "../contract.ts";
import { literalLookup } from "../udp/udp-socket.ts";

/** One of the addresses that are local only on Linux. */
const probedAddress = "127.1.0.1";

/** Finds out whether a virtual address can be bound, as on Linux, where all of 127.0.0.0/8 is loopback. */
export async function probeClientsBy(upstream: Address): Promise<ClientsBy> {
  if (isIPv6(upstream.address)) return "port";
  const socket = createSocket({ type: "udp4", lookup: literalLookup });
  const isBound = await new Promise<boolean>((resolve) => {
    socket.once("error", () => resolve(false));
    socket.bind({ address: probedAddress, port: 0, exclusive: true }, () => resolve(true));
  });
  socket.close();
  return isBound ? "address" : "port";
}
