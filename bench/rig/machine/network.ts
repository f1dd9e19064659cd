import { runDirectory } from "./sandbox.ts";
import type { Child } from "./child.ts";
import { runCommand } from "./command.ts";
import { cpuNsOf } from "./cpu.ts";
import type { Addresses, Link } from "./link.ts";
import { connect, ip, type Namespace, runAt, startAt } from "./namespace.ts";
import { ArrivalCounter } from "./arrival-counter.ts";

/** Addresses reserved for benchmarks (RFC 2544). */
export const addresses: Addresses = { client: "198.18.0.2", relay: "198.18.0.1", sink: "198.18.1.2" };
const relayToSink = "198.18.1.1";

/**
 * Path of a message of several segments (`UDP_SEGMENT`) out of the relay. With `whole`, the link takes it as it is, as
 * a pair of virtual cards or a card that segments itself (`tx-udp-segmentation` in `ethtool -k`) does. With `cuts`, the
 * kernel segments it at the sender's cost, as it does for all other cards.
 */
export type LinkKind = "whole" | "cuts";

/** Three network namespaces in a row: client – relay – sink. They last as long as the sandbox. */
export class Network {
  readonly #arrivals: ArrivalCounter;

  constructor() {
    runCommand("mount", "-t", "tmpfs", "none", runDirectory);
    // For the rows that need only loopback.
    runCommand("ip", "link", "set", "lo", "up");
    for (const namespace of ["client", "relay", "sink"]) runCommand("ip", "netns", "add", namespace);
    // coturn sends packets between two of its clients to its own address.
    ip("relay", "link", "set", "lo", "up");
    connect(
      { namespace: "client", device: "relay", addresses: [addresses.client], mac: "02:00:00:00:00:01" },
      { namespace: "relay", device: "client", addresses: [addresses.relay], mac: "02:00:00:00:00:02" },
    );
    connect(
      { namespace: "relay", device: "sink", addresses: [relayToSink], mac: "02:00:00:00:00:03" },
      { namespace: "sink", device: "relay", addresses: [addresses.sink], mac: "02:00:00:00:00:04" },
    );
    this.#arrivals = new ArrivalCounter("sink", "relay");
  }

  /** Starts a process in a namespace, on the core of that namespace by default. */
  start(namespace: Namespace, command: readonly string[], on?: "its core" | "any core"): Child {
    return startAt(namespace, command, on);
  }

  /** Runs a process in a namespace, on the core of that namespace, and returns its output when it ends. */
  run(namespace: Namespace, command: readonly string[]): string {
    return runAt(namespace, ...command);
  }

  /** Returns the link from client to sink, of that kind between relay and sink. */
  link(kind: LinkKind): Link {
    return {
      addresses,
      sinkNamespace: "sink",
      overload: 1.3,
      openSink: () => {
        this.#arrivals.open();
        this.#setKind("cuts");
      },
      closeSink: () => {
        this.#arrivals.close();
        this.#setKind(kind);
      },
      arrived: (datagramBytes) => this.#arrivals.arrived(datagramBytes),
      spentNs: cpuNsOf,
    };
  }

  #setKind(kind: LinkKind): void {
    ip("relay", "link", "set", "sink", "gso_max_segs", kind === "cuts" ? "1" : "65535");
  }
}
