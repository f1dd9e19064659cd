import { runDirectory } from "./box.ts";
import type { Child } from "./child.ts";
import { runCommand } from "./command.ts";
import { cpuNsOf } from "./cpu.ts";
import type { Addresses, Ground } from "./ground.ts";
import { connect, ip, type Place, runAt, startAt } from "./place.ts";
import { Turnstile } from "./turnstile.ts";

/** Addresses reserved for benchmarks (RFC 2544). */
export const addresses: Addresses = { client: "198.18.0.2", relay: "198.18.0.1", sink: "198.18.1.2" };
const relayToSink = "198.18.1.1";

/**
 * Path of a message of several segments (`UDP_SEGMENT`) out of the relay. With `whole`, the link takes it as it is, as
 * a pair of virtual cards or a card that segments itself (`tx-udp-segmentation` in `ethtool -k`) does. With `cuts`, the
 * kernel segments it at the sender's cost, as it does for all other cards.
 */
export type Link = "whole" | "cuts";

/** Three network namespaces in a row: client – relay – sink. They last as long as the box. */
export class Network {
  readonly #turnstile: Turnstile;

  constructor() {
    runCommand("mount", "-t", "tmpfs", "none", runDirectory);
    // For the rows that need only loopback.
    runCommand("ip", "link", "set", "lo", "up");
    for (const place of ["client", "relay", "sink"]) runCommand("ip", "netns", "add", place);
    // coturn sends packets between two of its clients to its own address.
    ip("relay", "link", "set", "lo", "up");
    connect(
      { place: "client", device: "relay", addresses: [addresses.client], mac: "02:00:00:00:00:01" },
      { place: "relay", device: "client", addresses: [addresses.relay], mac: "02:00:00:00:00:02" },
    );
    connect(
      { place: "relay", device: "sink", addresses: [relayToSink], mac: "02:00:00:00:00:03" },
      { place: "sink", device: "relay", addresses: [addresses.sink], mac: "02:00:00:00:00:04" },
    );
    this.#turnstile = new Turnstile("sink", "relay");
  }

  /** Starts a process at a place, on the core of that place by default. */
  start(place: Place, command: readonly string[], on?: "its core" | "any core"): Child {
    return startAt(place, command, on);
  }

  /** Runs a process at a place, on the core of that place, and returns its output when it ends. */
  run(place: Place, command: readonly string[]): string {
    return runAt(place, ...command);
  }

  /** Returns the ground from client to sink, with a link of that kind between relay and sink. */
  ground(link: Link): Ground {
    return {
      addresses,
      sinkPlace: "sink",
      overload: 1.3,
      openSink: () => {
        this.#turnstile.open();
        this.#setLink("cuts");
      },
      closeSink: () => {
        this.#turnstile.close();
        this.#setLink(link);
      },
      arrived: (datagramBytes) => this.#turnstile.arrived(datagramBytes),
      spentNs: cpuNsOf,
    };
  }

  #setLink(link: Link): void {
    ip("relay", "link", "set", "sink", "gso_max_segs", link === "cuts" ? "1" : "65535");
  }
}
