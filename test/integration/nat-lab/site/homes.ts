import type { Namespace } from "../../harness/network/namespaces.ts";
import { places, prefixesOf, type Place } from "../addresses.ts";
import type { Passage } from "../cuts.ts";
import type { Internet } from "../internet.ts";
import type { Kind } from "./rules.ts";
import type { Host } from "./host.ts";
import { createSite, type Site } from "./site.ts";

/** What a site has: a kind of one IP version, or one of each. */
export type Kinds = Kind | readonly [Kind, Kind];

/** Where a peer lives. */
export interface Home {
  readonly place: Place;
  readonly provider: Namespace;
  readonly site: Site;
  readonly host: Host;
  /** Where what the host sends straight to another one passes. */
  passageTo(other: Home): Passage;
}

export type Homes = Readonly<Record<Place, Home>>;

/** A site of its own for one peer: number `number` of the place's provider. */
export function createHome(
  { providers }: Internet,
  place: Place,
  kinds: Kinds,
  number: number,
  mappingSeconds: number,
): Home {
  const where = providers[place];
  const site = createSite({
    place,
    number,
    provider: where,
    kinds: [kinds].flat(),
    inhabitants: [place],
    mappingSeconds,
  });
  const own = prefixesOf(place, number);
  const passageTo = ({ place: far, site: { number: farNumber } }: Home): Passage => {
    const other = prefixesOf(far, farNumber);
    const match = (version: "ip" | "ip6"): string =>
      `oifname "direct" ${version} saddr ${own[version]} ${version} daddr ${other[version]}`;
    return { where, family: "inet", matches: [match("ip"), match("ip6")] };
  };
  return { place, provider: where, site, host: site.hosts[0]!, passageTo };
}

/** One site for both peers, at Alice's provider. */
export function createSharedHome(
  { providers }: Internet,
  kinds: Kinds,
  number: number,
  mappingSeconds: number,
): Homes {
  const [place, provider] = ["alice", providers.alice] as const;
  const site = createSite({
    place,
    number,
    provider,
    kinds: [kinds].flat(),
    inhabitants: places,
    mappingSeconds,
  });
  const where = site.routers.at(-1)!.namespace;
  const homeOf = (index: number): Home => ({
    place: places[index]!,
    provider,
    site,
    host: site.hosts[index]!,
    passageTo: () => ({
      where,
      family: "bridge",
      matches: [`iifname "${places[index]}" oifname != "lan"`],
    }),
  });
  return { alice: homeOf(0), bob: homeOf(1) };
}
