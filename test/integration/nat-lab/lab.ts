import type { Namespace } from "../harness/network/namespaces.ts";
import { places, relayAddresses, type HostAddresses, type Place } from "./addresses.ts";
import { Cut } from "./cuts.ts";
import { createHomes, createSharedHome, type Kinds } from "./site/homes.ts";
import { createInternet } from "./internet.ts";
import type { DirectWay, Ways } from "./wire/ways.ts";
import { Wire, type Conditions, type WireOptions } from "./wire/wire.ts";

/** Each peer in a site of its own, or both in one network behind one router. */
export type LabOptions = ({ readonly alice: Kinds; readonly bob: Kinds } | { readonly together: Kinds }) & {
  /** How long a NAT keeps a mapping that nothing uses, in seconds; 30 unless given. */
  readonly mappingSeconds?: number;
  /**
   * Puts cables into the internet that can delay and lose packets. A program carries these, about 20 000 a second;
   * without one the kernel does.
   */
  readonly wire?: WireOptions;
};

/** Two peers' hosts and a relay in an internet of their own. It is removed when it is disposed of, or with the test. */
export interface Lab extends AsyncDisposable {
  readonly relay: Namespace;
  readonly alice: Namespace;
  readonly bob: Namespace;
  readonly addresses: Readonly<Record<Place, HostAddresses>> & { readonly relay: typeof relayAddresses };
  /** Drops what goes straight between the peers, both ways unless given; what goes by the relay is untouched. */
  cut(way?: DirectWay): void;
  /** Undoes all cuts. */
  heal(): void;
  /** Changes what one way does to packets, or all that are direct or lead to and from the relay; needs the wire. */
  impair(ways: Ways, conditions: Conditions): Promise<void>;
  /** Makes the routers of a peer's site forget all mappings, as when they are rebooted. */
  forgetMappings(of: Place): void;
  /** The same, and gives the NAT next to the provider its other public address. */
  renumber(of: Place): void;
}

export async function createLab({ mappingSeconds = 30, ...options }: LabOptions): Promise<Lab> {
  const wire = options.wire && new Wire();
  const internet = createInternet(wire);
  const homes =
    "together" in options
      ? createSharedHome(internet, options.together, mappingSeconds)
      : createHomes(internet, options, mappingSeconds);
  const { alice, bob } = { alice: homes.alice.host, bob: homes.bob.host };
  const cuts = places.map((place) => [place, new Cut(place, homes[place].passage)] as const);
  const routers = places.flatMap((place) => homes[place].site.routers.map(({ namespace }) => namespace));
  await wire?.start(options.wire);
  const machines = [
    alice.namespace,
    bob.namespace,
    ...routers,
    ...Object.values(internet.providers),
    internet.relay,
    ...(wire ? [wire.namespace] : []),
  ];
  return {
    relay: internet.relay,
    alice: alice.namespace,
    bob: bob.namespace,
    addresses: { relay: relayAddresses, alice: alice.addresses, bob: bob.addresses },
    cut(way) {
      for (const [from, cut] of cuts) if (way === undefined || way.startsWith(from)) cut.cut();
    },
    heal() {
      for (const [, cut] of cuts) cut.heal();
    },
    async impair(ways, conditions) {
      if (!wire) throw new Error("this laboratory has no wire: create it with the option `wire`");
      await wire.impair(ways, conditions);
    },
    forgetMappings(place) {
      for (const router of homes[place].site.routers) router.forget();
    },
    renumber(place) {
      homes[place].site.routers[0]!.renumber();
    },
    async [Symbol.asyncDispose]() {
      for (const machine of machines) machine.remove();
    },
  };
}
