import type { Namespace } from "../harness/network/namespaces.ts";
import { relayAddresses, type HostAddresses, type Place } from "./addresses.ts";
import { Cut } from "./cuts.ts";
import type { Homes } from "./site/homes.ts";
import { mapPorts } from "./site/port-mapper.ts";
import type { DirectWay } from "./wire/ways.ts";

/** Two peers' hosts in a laboratory, and what can happen between them. */
export class Pair {
  readonly addresses: Readonly<Record<Place, HostAddresses>> & { readonly relay: typeof relayAddresses };
  readonly #homes: Homes;
  readonly #cuts: readonly (readonly [Place, Cut])[];

  constructor(homes: Homes) {
    this.#homes = homes;
    const { alice, bob } = homes;
    this.#cuts = [
      ["alice", new Cut(alice.passageTo(bob))],
      ["bob", new Cut(bob.passageTo(alice))],
    ];
    this.addresses = { relay: relayAddresses, alice: alice.host.addresses, bob: bob.host.addresses };
  }

  get alice(): Namespace {
    return this.#homes.alice.host.namespace;
  }

  get bob(): Namespace {
    return this.#homes.bob.host.namespace;
  }

  /** Drops what goes straight between the peers, both ways unless given; what goes by the relay is untouched. */
  cut(way?: DirectWay): void {
    for (const [from, cut] of this.#cuts) if (way === undefined || way.startsWith(from)) cut.cut();
  }

  /** Undoes all cuts. */
  heal(): void {
    for (const [, cut] of this.#cuts) cut.heal();
  }

  /** Makes the routers of a peer's site forget all mappings, as when they are rebooted. */
  forgetMappings(of: Place): void {
    for (const router of this.#homes[of].site.routers) router.forget();
  }

  /** The same, and gives the NAT next to the provider its other public address. */
  renumber(of: Place): void {
    this.#homes[of].site.routers[0]!.renumber();
  }

  /** Has the router of a peer's site map ports for its hosts, as a home router with PCP does. */
  mapPorts(of: Place): Promise<void> {
    return mapPorts(this.#homes[of]);
  }

  /** Takes the addresses of a peer's host away, of both IP versions unless given. */
  unplug(of: Place, version?: 4 | 6): void {
    this.#homes[of].host.unplug(version);
  }

  /** Gives it its addresses and routes again. */
  plugIn(of: Place): void {
    this.#homes[of].host.plugIn();
  }
}

/** Every machine of these homes. */
export function machinesOf(homes: readonly Homes[keyof Homes][]): readonly Namespace[] {
  return homes.flatMap(({ host, site }) => [
    host.namespace,
    ...site.routers.map(({ namespace }) => namespace),
  ]);
}
