import { type Child, startChild } from "./child.ts";
import { runDirectory } from "./sandbox.ts";
import { runCommand } from "./command.ts";

/** The network namespaces of the benchmark. */
export type Namespace = "client" | "relay" | "sink";

/** Core of each namespace. The forwarder under measurement has one to itself; load and sink share the other. */
export const cores: Readonly<Record<Namespace, number>> = { client: 0, relay: 1, sink: 0 };

/** Starts a process in a namespace, on the core of that namespace by default. */
export function startAt(
  namespace: Namespace,
  command: readonly string[],
  on: "its core" | "any core" = "its core",
): Child {
  const pinned = on === "its core" ? ["taskset", "-c", String(cores[namespace])] : [];
  return startChild([...enter(namespace), ...pinned, ...command]);
}

/** Runs a process in a namespace, on the core of that namespace, and returns its output when it ends. */
export function runAt(namespace: Namespace, ...command: readonly string[]): string {
  const [program, ...args] = [...enter(namespace), "taskset", "-c", String(cores[namespace]), ...command];
  return runCommand(program!, ...args);
}

/** Configures the network of a namespace with `ip`. */
export function ip(namespace: Namespace, ...command: readonly string[]): void {
  runCommand("ip", "-n", namespace, ...command);
}

/** One end of a cable. */
export interface End {
  readonly namespace: Namespace;
  readonly device: string;
  readonly addresses: readonly string[];
  readonly mac: string;
}

/** Connects two namespaces by a pair of virtual cards (veth). */
export function connect(one: End, other: End): void {
  const peer = ["peer", other.device, "address", other.mac, "netns", other.namespace];
  const card = [
    "link",
    "add",
    one.device,
    "address",
    one.mac,
    "netns",
    one.namespace,
    "type",
    "veth",
    ...peer,
  ];
  runCommand("ip", ...card);
  for (const [here, there] of [
    [one, other],
    [other, one],
  ] as const) {
    for (const address of here.addresses)
      ip(here.namespace, "address", "add", `${address}/24`, "dev", here.device);
    ip(here.namespace, "link", "set", here.device, "up");
    // Static neighbour entries, so that no packet waits for ARP.
    for (const address of there.addresses)
      ip(here.namespace, "neighbour", "add", address, "lladdr", there.mac, "dev", here.device);
  }
}

function enter(namespace: Namespace): string[] {
  return ["nsenter", `--net=${runDirectory}/netns/${namespace}`];
}
