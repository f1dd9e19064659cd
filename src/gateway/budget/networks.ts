/** State of a connection: `busy` while a request is open on it. */
export type Activity = "idle" | "busy";

/**
 * The connections of a network (IPv4 /24, IPv6 /48) by state. First in each set is the one that was placed there longest ago.
 */
type Network<Member> = Readonly<Record<Activity, Set<Member>>>;

/** All networks with one number of connections: those that have an idle connection, and those that have none. */
type Rank<Member> = Readonly<Record<"withIdle" | "allBusy", Set<Network<Member>>>>;

/** The connections of a server by network, and the networks by number of connections. Every call takes constant time. */
export class Networks<Member> {
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
