import type { Namespace } from "../harness/network/namespaces.ts";
import { places, relayAddresses, type HostAddresses, type Place } from "./addresses.ts";
import { createInternet } from "./internet.ts";
import type { Kind } from "./rules.ts";
import { createSite } from "./site.ts";

/** A direction between the places. */
export type Way = "alice-to-bob" | "bob-to-alice";

export interface LabOptions {
  /** What each place has: of one IP version, or of each one. */
  readonly alice: Kind | readonly Kind[];
  readonly bob: Kind | readonly Kind[];
  /** How long a NAT keeps a mapping that nothing uses, in seconds; 30 unless given. */
  readonly mappingSeconds?: number;
}

/** Two peers' places and a relay in an internet of their own. It is removed when it is disposed of, or with the test. */
export interface Lab extends AsyncDisposable {
  readonly relay: Namespace;
  readonly alice: Namespace;
  readonly bob: Namespace;
  readonly addresses: Readonly<Record<Place, HostAddresses>> & { readonly relay: typeof relayAddresses };
  /** Drops what goes between the places directly, both ways unless given; what goes by the relay is untouched. */
  cut(way?: Way): void;
  /** Undoes all cuts. */
  heal(): void;
}

export async function createLab({ alice, bob, mappingSeconds = 30 }: LabOptions): Promise<Lab> {
  const { relay, providers } = createInternet();
  const siteOf = (place: Place, kind: Kind | readonly Kind[]): ReturnType<typeof createSite> =>
    createSite(place, providers[place], { kinds: [kind].flat() as Kind[], mappingSeconds });
  const sites = { alice: siteOf("alice", alice), bob: siteOf("bob", bob) };
  const machines = [
    relay,
    ...places.flatMap((place) => [providers[place], sites[place].router, sites[place].host]),
  ];
  for (const place of places)
    providers[place].nft("table inet cut { chain forward { type filter hook forward priority filter; }; }");
  return {
    relay,
    alice: sites.alice.host,
    bob: sites.bob.host,
    addresses: { relay: relayAddresses, alice: sites.alice.addresses, bob: sites.bob.addresses },
    cut(way) {
      for (const place of places)
        if (way === undefined || way.startsWith(place))
          providers[place].nft('add rule inet cut forward oifname "direct" drop');
    },
    heal() {
      for (const place of places) providers[place].nft("flush chain inet cut forward");
    },
    async [Symbol.asyncDispose]() {
      for (const machine of machines) machine.remove();
    },
  };
}
