import { places, type Place } from "../addresses.ts";
import type { Passage } from "../cuts.ts";
import type { Internet } from "../internet.ts";
import type { Kind } from "./rules.ts";
import { createSite, type Host, type Site } from "./site.ts";

/** What a site has: a kind of one IP version, or one of each. */
export type Kinds = Kind | readonly [Kind, Kind];

/** Where a peer lives, and where what it sends straight to the other passes. */
export interface Home {
  readonly site: Site;
  readonly host: Host;
  readonly passage: Passage;
}

export type Homes = Readonly<Record<Place, Home>>;

/** A site for each peer. */
export function createHomes(
  { providers }: Internet,
  kinds: Readonly<Record<Place, Kinds>>,
  mappingSeconds: number,
): Homes {
  const homeOf = (place: Place): Home => {
    const provider = providers[place];
    const inhabitants = [place];
    const site = createSite({ place, provider, kinds: [kinds[place]].flat(), inhabitants, mappingSeconds });
    return {
      site,
      host: site.hosts[0]!,
      passage: { where: provider, family: "inet", match: 'oifname "direct"' },
    };
  };
  return { alice: homeOf("alice"), bob: homeOf("bob") };
}

/** One site for both peers, with Alice's provider. */
export function createSharedHome({ providers }: Internet, kinds: Kinds, mappingSeconds: number): Homes {
  const [place, provider] = ["alice", providers.alice] as const;
  const site = createSite({ place, provider, kinds: [kinds].flat(), inhabitants: places, mappingSeconds });
  const where = site.routers.at(-1)!.namespace;
  const homeOf = (index: number): Home => ({
    site,
    host: site.hosts[index]!,
    passage: { where, family: "bridge", match: `iifname "${places[index]}" oifname != "lan"` },
  });
  return { alice: homeOf(0), bob: homeOf(1) };
}
