import * as defaults from "../defaults.ts";
import { sourceName } from "../wire/source.ts";
import type { DropReason } from "./contract.ts";
import { OpeningRate } from "./opening-rate.ts";

/** A connection, whose first address has to pay for what comes with it from others. */
export interface Connection {
  readonly share: Share;
  /** Its places at other addresses that are on probation, oldest first. */
  readonly moved: Set<Place>;
  /** The place that its newest packet came from: where it is. */
  newest: Place | undefined;
}

/** A gateway client's place. */
export interface Place {
  readonly connection: Connection;
  /** It was opened by a packet of its connection, which is known, from another address. */
  readonly isMoved: boolean;
  /** Its connection is not known: whoever it is did not begin it here. */
  readonly isStranger: boolean;
  /** Called when the place has gone to a newer client. */
  onGivenUp: (nowMs: number) => void;
}

/** Who asks for a place. */
export interface Newcomer {
  readonly address: string;
  readonly isStranger: boolean;
  /** The connection that it goes on with, if that is known. */
  readonly connection?: Connection | undefined;
}

/** Whether a place's connection is there, as far as is known. */
export function isNewest(place: Place): boolean {
  return place.connection.newest === place;
}

/** The places of one source. */
export interface Share {
  readonly name: string;
  readonly rate: OpeningRate;
  /** Those of its places that are on probation, oldest first. */
  readonly onProbation: Set<Place>;
  places: number;
  openedAtMs: number;
}

/** How many places there are for whom, and how many may be opened in a second. */
export interface PlaceLimits {
  readonly max: number;
  readonly maxOnProbation: number;
  readonly maxStrangers: number;
  readonly maxOfShare: number;
  /** Those of a source that may be more than are left to all others. */
  readonly minOfShare: number;
  readonly perSecond: number;
  readonly sharePerSecond: number;
  /** At once, of a source as of all. */
  readonly burst: number;
}

/** Divides places for `max` clients. */
export function placeLimits(max: number): PlaceLimits {
  const perSecond = defaults.newGatewayClientsPerSecond;
  return {
    max,
    maxOnProbation: partOf(max, defaults.gatewayProbationDivisor),
    maxStrangers: partOf(max, defaults.gatewayStrangerDivisor),
    maxOfShare: Math.max(defaults.minGatewayShare, partOf(max, defaults.gatewayShareDivisor)),
    minOfShare: defaults.minGatewayShare,
    perSecond,
    sharePerSecond: perSecond / defaults.gatewayShareRateDivisor,
    burst: (perSecond * defaults.bucketDepthMs) / 1000,
  };
}

function partOf(max: number, divisor: number): number {
  return Math.max(1, Math.floor(max / divisor));
}

/**
 * Who may be a client of the gateway: at most so many, so many of one source (an IPv4 address or the /64 of an IPv6 one)
 * and no more of it than are left to all others, so many at which one connection has come from elsewhere, and so many on probation, the oldest of which makes room. `native/places.h` has the same rules.
 */
export class Places {
  readonly #limits: PlaceLimits;
  readonly #rate: OpeningRate;
  readonly #shares = new Map<string, Share>();
  /** Places on probation, oldest first. */
  readonly #onProbation = new Set<Place>();
  /** Those of them that are strangers', oldest first. */
  readonly #strangers = new Set<Place>();
  #size = 0;

  constructor(limits: PlaceLimits, nowMs: number) {
    this.#limits = limits;
    this.#rate = new OpeningRate(limits.perSecond, limits.burst, nowMs);
  }

  get size(): number {
    return this.#size;
  }

  /** Places on probation. */
  get onProbation(): number {
    return this.#onProbation.size;
  }

  /** Opens a place on probation, for which an older one may be given up; or tells why there is none. */
  open({ address, isStranger, connection: known }: Newcomer, nowMs: number): Place | DropReason {
    const share = known?.share ?? this.#shareOf(sourceName(address), nowMs);
    const refusal = this.#refusalFor(share, isStranger, nowMs);
    if (refusal) return refusal;
    const connection = known ?? { share, moved: new Set<Place>(), newest: undefined };
    const isMoved = known !== undefined;
    const place: Place = { connection, isMoved, isStranger, onGivenUp: () => undefined };
    this.#makeRoom(place, nowMs);
    for (const each of this.#queuesOf(place)) each.add(place);
    connection.newest = place;
    this.#shares.set(share.name, share);
    share.places++;
    share.openedAtMs = nowMs;
    this.#size++;
    return place;
  }

  /** Ends a place's probation: from now on nobody makes it give way. */
  graduate(place: Place): void {
    for (const each of this.#queuesOf(place)) each.delete(place);
  }

  close(place: Place): void {
    this.graduate(place);
    place.connection.share.places--;
    this.#size--;
  }

  /** Forgets the sources that have no place, once their rate has recovered. */
  sweep(nowMs: number): void {
    const refillMs = (1000 * this.#limits.burst) / this.#limits.sharePerSecond;
    for (const { name, places, openedAtMs } of this.#shares.values())
      if (places === 0 && nowMs - openedAtMs >= refillMs) this.#shares.delete(name);
  }

  #shareOf(name: string, nowMs: number): Share {
    const known = this.#shares.get(name);
    const { burst, sharePerSecond } = this.#limits;
    const rate = known?.rate ?? new OpeningRate(sharePerSecond, burst, nowMs);
    return known ?? { name, rate, onProbation: new Set(), places: 0, openedAtMs: nowMs };
  }

  /** The share first: what a source may not have costs nobody else anything. */
  #refusalFor(share: Share, isStranger: boolean, nowMs: number): DropReason | undefined {
    if (this.#hasItsShare(share) && share.onProbation.size === 0) return "gateway-share";
    if (this.#size >= this.#limits.max && this.#onProbation.size === 0) return "gateway-full";
    if (!share.rate.take(isStranger, nowMs))
      return isStranger ? "gateway-stranger-rate" : "gateway-share-rate";
    if (!this.#rate.take(isStranger, nowMs)) return isStranger ? "gateway-stranger-rate" : "gateway-rate";
    return undefined;
  }

  #hasItsShare({ places }: Share): boolean {
    const { max, maxOfShare, minOfShare } = this.#limits;
    return places >= maxOfShare || (places >= minOfShare && places >= max - this.#size);
  }

  #makeRoom({ connection: { moved, share }, isStranger }: Place, nowMs: number): void {
    if (moved.size >= defaults.maxMovedPlaces) this.#giveUpOldest(moved, nowMs);
    if (this.#hasItsShare(share)) this.#giveUpOldest(share.onProbation, nowMs);
    if (isStranger && this.#strangers.size >= this.#limits.maxStrangers)
      this.#giveUpOldest(this.#strangers, nowMs);
    if (this.#onProbation.size >= this.#limits.maxOnProbation || this.#size >= this.#limits.max)
      this.#giveUpOldest(this.#onProbation, nowMs);
  }

  #giveUpOldest(queue: ReadonlySet<Place>, nowMs: number): void {
    const place = queue.values().next().value;
    if (!place) return;
    this.close(place);
    place.onGivenUp(nowMs);
  }

  #queuesOf({ connection: { moved, share }, isMoved, isStranger }: Place): Set<Place>[] {
    const queues = [this.#onProbation, share.onProbation];
    if (isMoved) queues.push(moved);
    return isStranger ? [...queues, this.#strangers] : queues;
  }
}
