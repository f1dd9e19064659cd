import { networkName } from "../../wire/source.ts";

/** Activity of a settled place. */
interface Aliveness {
  /** Time of the last packet from there that followed one from the gateway. */
  readonly aliveAtMs: number;
}

/** An IPv4 /24 or an IPv6 /48. */
interface Network {
  readonly name: string;
  places: number;
}

/** The places past probation, and their number in each network. */
export class Settled<Place extends Aliveness> {
  readonly #networkOf = new Map<Place, Network>();
  readonly #networks = new Map<string, Network>();

  get size(): number {
    return this.#networkOf.size;
  }

  /** @param address where the place's connection began. */
  add(place: Place, address: string): void {
    const name = networkName(address);
    const network = this.#networks.get(name) ?? { name, places: 0 };
    network.places++;
    this.#networks.set(name, network);
    this.#networkOf.set(place, network);
  }

  delete(place: Place): void {
    const network = this.#networkOf.get(place);
    if (!network) return;
    this.#networkOf.delete(place);
    if (--network.places === 0) this.#networks.delete(network.name);
  }

  /**
   * Returns the place to give up: in the network with the most places, `newest` counted, the one longest without an answer, but
   * never `newest`.
   */
  mostDispensable(newest: Place): Place | undefined {
    let found: { place: Place; network: Network } | undefined;
    for (const [place, network] of this.#networkOf) {
      if (place === newest) continue;
      const more = found ? network.places - found.network.places : 1;
      if (more > 0 || (more === 0 && place.aliveAtMs < found!.place.aliveAtMs)) found = { place, network };
    }
    return found?.place;
  }
}
