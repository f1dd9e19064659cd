/**
 * A UDP socket with a port mapping, run in a network namespace: prints a line of JSON for each change of the mapping and for
 * each datagram, and closes at the end of its input. Its argument `upnp` allows UPnP.
 */
import { createSocket } from "node:dgram";
import { readDefaultRouter } from "../../../../src/peer/mapping/default-router.ts";
import { PortMapping } from "../../../../src/peer/mapping/port-mapping.ts";
import { openRouterSocket } from "../../../../src/peer/mapping/router-socket.ts";
import { findMappingServices } from "../../../../src/peer/mapping/services.ts";

function print(line: unknown): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

const upnp = process.argv.includes("upnp");
const parts = { router: readDefaultRouter, openSocket: openRouterSocket, upnp };
print({ services: await findMappingServices(parts) });
const socket = createSocket("udp4", (datagram) => print({ datagram: datagram.toString() }));
await new Promise<void>((resolve) => void socket.bind(0, resolve));
const mapping: PortMapping = new PortMapping({
  ...parts,
  internalPort: socket.address().port,
  onChange: () => print({ address: mapping.address, ...mapping.state }),
});
mapping.start();
for await (const _ of process.stdin);
await mapping.close();
print("closed");
socket.close();
