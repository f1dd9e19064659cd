import { runCommand } from "./command.ts";
import { runDirectory } from "./box.ts";
import { type Child, startChild } from "./child.ts";

/** Addresses for benchmarks (RFC 2544), which exist only in the box. */
export const addresses = { client: "198.18.0.2", relay: "198.18.0.1", sink: "198.18.1.2" } as const;
const relayToSink = "198.18.1.1";

/**
 * What becomes of a message of several segments (`UDP_SEGMENT`) on its way out of the relay: the link takes it `whole`,
 * as a pair of virtual cards does, and a card that segments itself (`tx-udp-segmentation` in `ethtool -k`); or the
 * kernel `cuts` it at the sender's cost, as it does for all other cards.
 */
export type Link = "whole" | "cuts";

/** IPv4 and UDP. */
const headerBytes = 28;

type Place = "client" | "relay" | "sink";
/** What is measured has a core to itself; the load and what else there is have the other. */
const cores: Readonly<Record<Place, number>> = { client: 0, relay: 1, sink: 0 };

/** Three network namespaces in a row: client – relay – sink. They last as long as the box. */
export class Network {
  constructor() {
    runCommand("mount", "-t", "tmpfs", "none", runDirectory);
    // For the rows that need no network but loopback.
    runCommand("ip", "link", "set", "lo", "up");
    for (const place of ["client", "relay", "sink"]) runCommand("ip", "netns", "add", place);
    // coturn sends to itself what goes from one of its clients to another.
    ip("relay", "link", "set", "lo", "up");
    connect(
      { place: "client", address: addresses.client, mac: "02:00:00:00:00:01" },
      { place: "relay", address: addresses.relay, mac: "02:00:00:00:00:02" },
    );
    connect(
      { place: "relay", address: relayToSink, mac: "02:00:00:00:00:03" },
      { place: "sink", address: addresses.sink, mac: "02:00:00:00:00:04" },
    );
    nft("add table netdev bench");
    nft("add counter netdev bench arrived");
    nft("add chain netdev bench in { type filter hook ingress device relay priority 0; }");
  }

  /** Starts a process at a place, on the core of that place unless told otherwise. */
  start(place: Place, command: readonly string[], on: "its core" | "any core" = "its core"): Child {
    const pinned = on === "its core" ? ["taskset", "-c", String(cores[place])] : [];
    return startChild(["nsenter", `--net=${runDirectory}/netns/${place}`, ...pinned, ...command]);
  }

  /** Runs a process at a place to its end, on the core of that place, and returns what it printed. */
  run(place: Place, command: readonly string[]): string {
    const net = `--net=${runDirectory}/netns/${place}`;
    return runCommand("nsenter", net, "taskset", "-c", String(cores[place]), ...command);
  }

  /** Lets datagrams through to the sink's sockets, one by one. */
  openSink(): void {
    nft("flush chain netdev bench in");
    this.#setLink("cuts");
  }

  /** Counts datagrams where they arrive at the sink, and drops them there: the least that a receiver can cost. */
  closeSink(link: Link): void {
    this.openSink();
    nft("add rule netdev bench in ip protocol udp counter name arrived drop");
    this.#setLink(link);
  }

  /** Datagrams of this size that were counted so far. */
  arrived(datagramBytes: number): number {
    const [, { counter }] = JSON.parse(nft("list counter netdev bench arrived", "-j")).nftables;
    // What the kernel passes on whole is one packet to it, with one set of headers.
    return (counter.bytes - counter.packets * headerBytes) / datagramBytes;
  }

  #setLink(link: Link): void {
    ip("relay", "link", "set", "sink", "gso_max_segs", link === "cuts" ? "1" : "65535");
  }
}

/** One end of a cable. */
interface End {
  readonly place: Place;
  readonly address: string;
  readonly mac: string;
}

function connect(one: End, other: End): void {
  // Each end is named after the place it leads to.
  const ends = [one.mac, "netns", one.place, "type", "veth", "peer", one.place, "address", other.mac];
  runCommand("ip", "link", "add", other.place, "address", ...ends, "netns", other.place);
  for (const [here, there] of [
    [one, other],
    [other, one],
  ] as const) {
    ip(here.place, "address", "add", `${here.address}/24`, "dev", there.place);
    ip(here.place, "link", "set", there.place, "up");
    // No packet waits for a neighbour to be found.
    ip(here.place, "neighbour", "add", there.address, "lladdr", there.mac, "dev", there.place);
  }
}

function ip(place: Place, ...command: string[]): void {
  runCommand("ip", "-n", place, ...command);
}

function nft(command: string, ...options: string[]): string {
  return runCommand("nsenter", `--net=${runDirectory}/netns/sink`, "nft", ...options, command);
}
