import type { Namespace } from "../harness/network/namespaces.ts";
import { places, type Place } from "./addresses.ts";
import { createInternet } from "./internet.ts";
import { usualMappingSeconds } from "./lab.ts";
import { Pair, machinesOf } from "./pair.ts";
import { createHome, createSharedHome, type Home, type Kinds } from "./site/homes.ts";

/** Sites by their names: of each provider, and those in which both peers live. */
export interface WideLabOptions {
  readonly alice?: Readonly<Record<string, Kinds>>;
  readonly bob?: Readonly<Record<string, Kinds>>;
  readonly together?: Readonly<Record<string, Kinds>>;
  /** How long a NAT keeps a mapping that nothing uses, in seconds; 30 unless given. */
  readonly mappingSeconds?: number;
}

/**
 * Many sites and a relay in one internet, for many pairs at a time. It is removed when it is disposed of, or with the
 * test.
 */
export class WideLab implements AsyncDisposable {
  readonly relay: Namespace;
  readonly #homes: Readonly<Record<Place, ReadonlyMap<string, Home>>>;
  readonly #machines: readonly Namespace[];

  constructor({ mappingSeconds = usualMappingSeconds, ...options }: WideLabOptions) {
    const internet = createInternet();
    this.relay = internet.relay;
    const homes = { alice: new Map<string, Home>(), bob: new Map<string, Home>() };
    for (const place of places)
      for (const [name, kinds] of Object.entries(options[place] ?? {}))
        homes[place].set(name, createHome(internet, place, kinds, homes[place].size, mappingSeconds));
    for (const [name, kinds] of Object.entries(options.together ?? {})) {
      const shared = createSharedHome(internet, kinds, homes.alice.size, mappingSeconds);
      for (const place of places) homes[place].set(name, shared[place]);
    }
    this.#homes = homes;
    const all = places.flatMap((place) => [...homes[place].values()]);
    this.#machines = [...new Set([...machinesOf(all), ...Object.values(internet.providers), this.relay])];
  }

  /** The place and the site of each host. */
  get hosts(): readonly (readonly [Place, string])[] {
    return places.flatMap((place) => [...this.#homes[place].keys()].map((site) => [place, site] as const));
  }

  /** The host of a site. */
  host(place: Place, site: string): Namespace {
    return this.#home(place, site).host.namespace;
  }

  /** Two hosts, by the names of their sites. */
  pair(alice: string, bob: string): Pair {
    return new Pair({ alice: this.#home("alice", alice), bob: this.#home("bob", bob) });
  }

  #home(place: Place, site: string): Home {
    const home = this.#homes[place].get(site);
    if (!home) throw new Error(`${place} has no site ${site}`);
    return home;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const machine of this.#machines) machine.remove();
  }
}
