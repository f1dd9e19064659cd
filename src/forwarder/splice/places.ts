import * as defaults from "../../defaults/index.ts";
import { sourceName } from "../../wire/source.ts";
import type { DropReason } from "../contract.ts";
import { OpeningRate } from "./opening-rate.ts";
import { Settled } from "./settled.ts";

/** A connection. The source of its first address pays for its places at other addresses. */
export interface Connection {
  readonly share: Share;
  /** Its places on probation at other addresses, oldest first. */
  readonly moved: Set<Place>;
  /** The place that its newest packet came from, which is where it is. */
  newest: Place | undefined;
}

/** Place of a gateway client. */
export interface Place {
  readonly connection: Connection;
  /** Whether a packet of a known connection opened it, from another address. */
  readonly isMoved: boolean;
  /** Whether its connection is unknown and did not begin here. */
  readonly isStranger: boolean;
  /** Time of the last packet from there that followed one from the gateway; at first, the time of its opening. */
  aliveAtMs: number;
  /** Called when the place was given up for another client. */
  onGivenUp: (nowMs: number) => void;
}

/** A client that asks for a place. */
export interface Newcomer {
  readonly address: string;
  readonly isStranger: boolean;
  /** The connection that it continues, if that is known. */
  readonly connection?: Connection | undefined;
}

/** Places of one source. */
export interface Share {
  readonly name: string;
  /** One of the source's addresses. */
  readonly address: string;
  readonly rate: OpeningRate;
  /** Its places on probation, oldest first. */
  readonly onProbation: Set<Place>;
  places: number;
  openedAtMs: number;
}

/** Limits on places, and on places opened per second. */
export interface PlaceLimits {
  readonly max: number;
  readonly maxOnProbation: number;
  readonly maxSettled: number;
  readonly maxStrangers: number;
  readonly maxOfShare: number;
  readonly perSecond: number;
  readonly sharePerSecond: number;
  /** Burst of a source, and of all. */
  readonly burst: number;
}

/** Returns the limits for `max` clients. */
export function placeLimits(max: number): PlaceLimits {
  const perSecond = defaults.newGatewayClientsPerSecond;
  const maxOnProbation = partOf(max, defaults.gatewayProbationDivisor);
  return {
    max,
    maxOnProbation,
    maxSettled: Math.max(1, max - maxOnProbation),
    maxStrangers: partOf(max, defaults.gatewayStrangerDivisor),
    maxOfShare: Math.max(defaults.minGatewayShare, partOf(max, defaults.gatewayShareDivisor)),
    perSecond,
    sharePerSecond: perSecond / defaults.gatewayShareRateDivisor,
    burst: (perSecond * defaults.bucketDepthMs) / 1000,
  };
}

function partOf(max: number, divisor: number): number {
  return Math.max(1, Math.floor(max / divisor));
}

/**
 * Admits gateway clients, within limits on all, on one source (an IPv4 address or the /64 of an IPv6 one), on a connection's
 * other addresses, and on probation, where the oldest makes room. The last quarter of the places is for probation, so that no
 * client keeps it. Past probation, a place of the network with the most places makes room. src/forwarder/native/splice/places.h
 * has the same rules.
 */
export class Places {
  readonly #limits: PlaceLimits;
  readonly #rate: OpeningRate;
  readonly #shares = new Map<string, Share>();
  /** Places on probation, oldest first. */
  readonly #onProbation = new Set<Place>();
  /** Strangers' places among them, oldest first. */
  readonly #strangers = new Set<Place>();
  readonly #settled = new Settled<Place>();

  constructor(limits: PlaceLimits, nowMs: number) {
    this.#limits = limits;
    this.#rate = new OpeningRate(limits.perSecond, limits.burst, nowMs);
  }

  get size(): number {
    return this.#onProbation.size + this.#settled.size;
  }

  /** Number of places on probation. */
  get onProbation(): number {
    return this.#onProbation.size;
  }

  /** Opens a place on probation, for which an older one may be given up. Returns the reason if there is none. */
  open({ address, isStranger, connection: known }: Newcomer, nowMs: number): Place | DropReason {
    const share = known?.share ?? this.#shareOf(address, nowMs);
    const refusal = this.#refusalFor(share, isStranger, nowMs);
    if (refusal) return refusal;
    const connection = known ?? { share, moved: new Set<Place>(), newest: undefined };
    const isMoved = known !== undefined;
    const life = { aliveAtMs: nowMs, onGivenUp: () => undefined };
    const place: Place = { connection, isMoved, isStranger, ...life };
    this.#makeRoom(place, nowMs);
    for (const each of this.#queuesOf(place)) each.add(place);
    connection.newest = place;
    this.#shares.set(share.name, share);
    share.places++;
    share.openedAtMs = nowMs;
    return place;
  }

  /** Ends a place's probation, for which another one may be given up. */
  graduate(place: Place, nowMs: number): void {
    this.#leaveQueues(place);
    this.#settled.add(place, place.connection.share.address);
    if (this.#settled.size > this.#limits.maxSettled)
      this.#giveUp(this.#settled.mostDispensable(place), nowMs);
  }

  close(place: Place): void {
    this.#leaveQueues(place);
    this.#settled.delete(place);
    place.connection.share.places--;
  }

  /** Forgets the sources that have no place, once their rate has recovered. */
  sweep(nowMs: number): void {
    const refillMs = (1000 * this.#limits.burst) / this.#limits.sharePerSecond;
    for (const { name, places, openedAtMs } of this.#shares.values())
      if (places === 0 && nowMs - openedAtMs >= refillMs) this.#shares.delete(name);
  }

  #shareOf(address: string, nowMs: number): Share {
    const name = sourceName(address);
    const known = this.#shares.get(name);
    const { burst, sharePerSecond } = this.#limits;
    const rate = known?.rate ?? new OpeningRate(sharePerSecond, burst, nowMs);
    return known ?? { name, address, rate, onProbation: new Set(), places: 0, openedAtMs: nowMs };
  }

  /** The share decides first, so that a source's refusal costs others nothing. */
  #refusalFor(share: Share, isStranger: boolean, nowMs: number): DropReason | undefined {
    if (share.places >= this.#limits.maxOfShare && share.onProbation.size === 0) return "gateway-share";
    if (this.size >= this.#limits.max && this.#onProbation.size === 0) return "gateway-full";
    if (!share.rate.take(isStranger, nowMs))
      return isStranger ? "gateway-stranger-rate" : "gateway-share-rate";
    if (!this.#rate.take(isStranger, nowMs)) return isStranger ? "gateway-stranger-rate" : "gateway-rate";
    return undefined;
  }

  #makeRoom({ connection: { moved, share }, isStranger }: Place, nowMs: number): void {
    if (moved.size >= defaults.maxMovedPlaces) this.#giveUpOldest(moved, nowMs);
    if (share.places >= this.#limits.maxOfShare) this.#giveUpOldest(share.onProbation, nowMs);
    if (isStranger && this.#strangers.size >= this.#limits.maxStrangers)
      this.#giveUpOldest(this.#strangers, nowMs);
    if (this.#onProbation.size >= this.#limits.maxOnProbation || this.size >= this.#limits.max)
      this.#giveUpOldest(this.#onProbation, nowMs);
  }

  #giveUpOldest(queue: ReadonlySet<Place>, nowMs: number): void {
    this.#giveUp(queue.values().next().value, nowMs);
  }

  #giveUp(place: Place | undefined, nowMs: number): void {
    if (!place) return;
    this.close(place);
    place.onGivenUp(nowMs);
  }

  #leaveQueues(place: Place): void {
    for (const each of this.#queuesOf(place)) each.delete(place);
  }

  #queuesOf({ connection: { moved, share }, isMoved, isStranger }: Place): Set<Place>[] {
    const queues = [this.#onProbation, share.onProbation];
    if (isMoved) queues.push(moved);
    return isStranger ? [...queues, this.#strangers] : queues;
  }
}
