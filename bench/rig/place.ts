import { type Child, startChild } from "./child.ts";
import { runDirectory } from "./box.ts";
import { runCommand } from "./command.ts";

/** The network namespaces of the benchmark. */
export type Place = "client" | "relay" | "sink";

/** Core of each place. The forwarder under measurement has one to itself; load and sink share the other. */
export const cores: Readonly<Record<Place, number>> = { client: 0, relay: 1, sink: 0 };

/** Starts a process at a place, on the core of that place by default. */
export function startAt(
  place: Place,
  command: readonly string[],
  on: "its core" | "any core" = "its core",
): Child {
  const pinned = on === "its core" ? ["taskset", "-c", String(cores[place])] : [];
  return startChild([...enter(place), ...pinned, ...command]);
}

/** Runs a process at a place, on the core of that place, and returns its output when it ends. */
export function runAt(place: Place, ...command: readonly string[]): string {
  const [program, ...args] = [...enter(place), "taskset", "-c", String(cores[place]), ...command];
  return runCommand(program!, ...args);
}

/** Configures the network of a place with `ip`. */
export function ip(place: Place, ...command: readonly string[]): void {
  runCommand("ip", "-n", place, ...command);
}

/** One end of a cable. */
export interface End {
  readonly place: Place;
  readonly device: string;
  readonly addresses: readonly string[];
  readonly mac: string;
}

/** Connects two places by a pair of virtual cards (veth). */
export function connect(one: End, other: End): void {
  const peer = ["peer", other.device, "address", other.mac, "netns", other.place];
  const card = ["link", "add", one.device, "address", one.mac, "netns", one.place, "type", "veth", ...peer];
  runCommand("ip", ...card);
  for (const [here, there] of [
    [one, other],
    [other, one],
  ] as const) {
    for (const address of here.addresses)
      ip(here.place, "address", "add", `${address}/24`, "dev", here.device);
    ip(here.place, "link", "set", here.device, "up");
    // Static neighbour entries, so that no packet waits for ARP.
    for (const address of there.addresses)
      ip(here.place, "neighbour", "add", address, "lladdr", there.mac, "dev", here.device);
  }
}

function enter(place: Place): string[] {
  return ["nsenter", `--net=${runDirectory}/netns/${place}`];
}
