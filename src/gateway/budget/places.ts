import { networkName } from "../../wire/source.ts";
import { type Activity, Networks } from "./networks.ts";

/** Place of a connection on a server. */
export interface Place {
  /** Called when the place was given up for a connection of another network. */
  onGivenUp: () => void;
  /** Notes that a request has begun or ended. */
  progress(activity: Activity): void;
  /** Frees the place. Idempotent. */
  close(): void;
}

/**
 * The places of one server. When none is left for a newcomer, the network (IPv4 /24, IPv6 /48) with the most connections makes
 * way, because many sources of one network are easy to get. src/forwarder/splice/settled.ts has the like rule for UDP.
 */
export class Places {
  readonly #max: number;
  readonly #networks = new Networks<Place>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Number of places that are free. */
  get free(): number {
    return this.#max - this.#networks.size;
  }

  /** Opens a place for a connection from an IP address. */
  open(address: string): Place {
    const name = networkName(address);
    let isOpen = true;
    const place: Place = {
      onGivenUp: () => undefined,
      progress: (activity) => {
        if (isOpen) this.#networks.move(name, place, activity);
      },
      close: () => {
        isOpen = false;
        this.#networks.move(name, place);
      },
    };
    place.progress("idle");
    return place;
  }

  /**
   * Gives up a place for a connection from an IP address, if another network has more places than that of the address. A place
   * in use is given up only if none is free and the other network then still has as many. Otherwise two networks would take it
   * from each other in turn, and no event stream would last.
   *
   * @returns whether a place was given up.
   */
  makeWay(address: string): boolean {
    const dispensable = this.#networks.mostDispensable();
    if (!dispensable) return false;
    const { member: place, activity } = dispensable;
    const excess = this.#networks.largestSize - this.#networks.sizeOf(networkName(address));
    const isIdle = activity === "idle";
    if (excess < (isIdle ? 1 : 2) || (!isIdle && this.free > 0)) return false;
    place.close();
    place.onGivenUp();
    return true;
  }
}
