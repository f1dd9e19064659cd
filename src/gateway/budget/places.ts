import { networkName } from "../../wire/source.ts";

/** State of a connection: `busy` while a request is open on it. */
export type Activity = "idle" | "busy";

/** The connections of a network (IPv4 /24, IPv6 /48) by state, in the order in which they were placed there. */
type Network<Member> = Readonly<Record<Activity, Set<Member>>>;

/** All networks with one number of connections: those that have an idle connection, and those that have none. */
type Rank<Member> = Readonly<Record<"withIdle" | "allBusy", Set<Network<Member>>>>;

/** The connections of a server by network, and the networks by number of connections. Every call takes constant time. */
class Networks<Member> {
  readonly #networks = new Map<string, Network<Member>>();
  /** Indexed by the number of connections. The last rank has a network. */
  readonly #ranks: Rank<Member>[] = [];
  #size = 0;

  /** Number of connections. */
  get size(): number {
    return this.#size;
  }

  /** Number of connections of the largest network. */
  get largestSize(): number {
    return Math.max(0, this.#ranks.length - 1);
  }

  /** Returns the number of connections of a network. */
  sizeOf(name: string): number {
    const network = this.#networks.get(name);
    return network ? sizeOf(network) : 0;
  }

  /**
   * Returns the most dispensable connection of the largest network: the one idle for the longest, otherwise the one in which
   * nothing has begun or ended for the longest. Of several networks one with an idle connection comes first.
   */
  mostDispensable(): { readonly member: Member; readonly activity: Activity } | undefined {
    const network = this.#largest;
    if (!network) return undefined;
    const activity = network.idle.size > 0 ? "idle" : "busy";
    return { member: firstOf(network[activity])!, activity };
  }

  /** Places a connection last among the idle or busy ones of its network; nowhere, if `activity` is absent. */
  move(name: string, member: Member, activity?: Activity): void {
    const network = this.#networks.get(name) ?? { idle: new Set(), busy: new Set() };
    this.#rankOf(network).delete(network);
    if (network.idle.delete(member) || network.busy.delete(member)) this.#size--;
    if (activity) {
      network[activity].add(member);
      this.#size++;
    }
    if (sizeOf(network) > 0) {
      this.#networks.set(name, network);
      this.#rankOf(network).add(network);
    } else this.#networks.delete(name);
    while (this.#ranks.length > 0 && isEmpty(this.#ranks.at(-1)!)) this.#ranks.pop();
  }

  get #largest(): Network<Member> | undefined {
    const rank = this.#ranks.at(-1);
    return rank && (firstOf(rank.withIdle) ?? firstOf(rank.allBusy));
  }

  #rankOf(network: Network<Member>): Set<Network<Member>> {
    const size = sizeOf(network);
    while (this.#ranks.length <= size) this.#ranks.push({ withIdle: new Set(), allBusy: new Set() });
    return this.#ranks[size]![network.idle.size > 0 ? "withIdle" : "allBusy"];
  }
}

function sizeOf({ idle, busy }: Network<unknown>): number {
  return idle.size + busy.size;
}

function isEmpty({ withIdle, allBusy }: Rank<unknown>): boolean {
  return withIdle.size === 0 && allBusy.size === 0;
}

function firstOf<Value>(values: ReadonlySet<Value>): Value | undefined {
  return values.values().next().value;
}

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
