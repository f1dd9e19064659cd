import { Machine } from "./machine.ts";
import { type Place, Wire } from "./wire.ts";

/** Addresses that documentation uses (RFC 5737). They exist only in the benchmark's sandbox. */
export const relayAddress = "192.0.2.1";
export const publicAddresses: Readonly<Record<Place, string>> = { alice: "198.51.100.1", bob: "203.0.113.1" };
const homeNetworks: Readonly<Record<Place, string>> = { alice: "192.168.1", bob: "192.168.2" };

/** How peers are joined: each behind a NAT with the wire between them, or by bare cables, each with a public address. */
export type InternetKind = "wired homes" | "bare cables";

/** Two peers' hosts and a relay, and a cable between any two of them. */
export class Internet implements AsyncDisposable {
  readonly relay: Machine;
  readonly hosts: Readonly<Record<Place, Machine>>;
  readonly wire: Wire | undefined;
  readonly #stack: AsyncDisposableStack = new AsyncDisposableStack();

  private constructor(kind: InternetKind) {
    const machine = (name: string): Machine => this.#stack.use(new Machine(name));
    this.relay = machine("relay");
    this.hosts = { alice: machine("alice"), bob: machine("bob") };
    this.wire = kind === "wired homes" ? this.#stack.use(new Wire()) : undefined;
    const doors = this.wire
      ? { alice: machine("home-of-alice"), bob: machine("home-of-bob") }
      : { ...this.hosts };
    this.#join("alice-bob", [doors.alice, "direct"], [doors.bob, "direct"]);
    this.#join("alice-relay", [doors.alice, "relay"], [this.relay, "alice"]);
    this.#join("bob-relay", [doors.bob, "relay"], [this.relay, "bob"]);
    link(doors.alice, "direct", publicAddresses.alice, publicAddresses.bob);
    link(doors.bob, "direct", publicAddresses.bob, publicAddresses.alice);
    for (const place of ["alice", "bob"] as const) {
      link(doors[place], "relay", publicAddresses[place], relayAddress);
      link(this.relay, place, relayAddress, publicAddresses[place]);
      if (this.wire) settle(place, this.hosts[place], doors[place]);
    }
  }

  /** The caller disposes of it. */
  static async open(kind: InternetKind): Promise<Internet> {
    const internet = new Internet(kind);
    await internet.wire?.start();
    return internet;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }

  #join(name: string, [one, card]: [Machine, string], [other, otherCard]: [Machine, string]): void {
    if (this.wire) this.wire.cable(name, one, card, other, otherCard);
    else one.cable(card, other, otherCard);
  }
}

/** Gives a machine's card its address, and the way to the one at the other end. */
function link(machine: Machine, card: string, own: string, far: string): void {
  machine.ip("address", "add", own, "peer", far, "dev", card);
}

/** Puts a host behind a NAT that lets in only who was sent to, as most homes have. */
function settle(place: Place, host: Machine, home: Machine): void {
  const network = homeNetworks[place];
  host.cable("eth", home, "lan");
  host.ip("address", "add", `${network}.2/24`, "dev", "eth");
  host.ip("route", "add", "default", "via", `${network}.1`);
  home.ip("address", "add", `${network}.1/24`, "dev", "lan");
  home.run("sysctl", "-qw", "net.ipv4.ip_forward=1");
  home.run(
    "nft",
    `table ip home {
      chain post {
        type nat hook postrouting priority srcnat;
        oifname { "direct", "relay" } snat to ${publicAddresses[place]}
      }
      chain input { type filter hook input priority filter; iifname != "lan" meta l4proto udp drop; }
    }`,
  );
}
