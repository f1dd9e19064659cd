import { setImmediate as turn } from "node:timers/promises";
import { searchBatch, searchSliceMs } from "../../defaults/index.ts";
import type { RegistrationStats, StatsPage } from "../../protocol.ts";
import type { Registration, Registry } from "../../registry/index.ts";
import { formatAddress } from "../../wire/address.ts";
import type { SessionCounters } from "../../forwarder/index.ts";
import { timestamp } from "../../steady-clock.ts";
import type { SessionRate } from "./rate-table.ts";
import type { Rates } from "./rates.ts";
import { formatPlace, type Place, type StatsQuery } from "./query.ts";

/** The sources of a page. */
export interface StatsSource {
  readonly registry: Pick<Registry, "all" | "countersOf">;
  readonly rates: Pick<Rates, "of">;
}

/** Builds a page. Yields to the event loop regularly, so that a long search blocks nothing. */
export async function searchPage(source: StatsSource, query: StatsQuery): Promise<StatsPage> {
  const search = pageSearch(source, query);
  for (;;) {
    const endMs = performance.now() + searchSliceMs;
    while (performance.now() < endMs) {
      const { done, value } = search.next();
      if (done) return value;
    }
    await turn();
  }
}

interface Candidate {
  readonly registration: Registration;
  readonly place: Place;
}

/** Examines `searchBatch` registrations per step, and finally returns the page. */
function* pageSearch(source: StatsSource, query: StatsQuery): Generator<undefined, StatsPage> {
  const { limit, order, after } = query;
  if (limit === 0) return { registrations: [], next: null };
  const best: Candidate[] = [];
  let looked = 0;
  for (const registration of source.registry.all(order === "registered" ? after?.ordinal : 0)) {
    if (++looked % searchBatch === 0) yield;
    const candidate = { registration, place: placeOf(registration, source, query) };
    if (!isWanted(candidate, query)) continue;
    best.push(candidate);
    // In order of registration the first matches are the page. Otherwise the candidates are cut to the best ones whenever
    // there are more than twice as many as needed.
    if (order === "registered" && best.length > limit) break;
    if (best.length > 2 * limit) keepBest(best, limit);
  }
  return pageOf(keepBest(best, limit), source, query);
}

function placeOf(registration: Registration, { rates }: StatsSource, { order }: StatsQuery): Place {
  const bytesPerSecond = order === "rate" ? (rates.of(registration)?.bytesPerSecond ?? 0) : 0;
  return { bytesPerSecond, ordinal: registration.ordinal };
}

function isWanted({ registration, place }: Candidate, { after, filter }: StatsQuery): boolean {
  if (after && comparePlaces(place, after) <= 0) return false;
  if (filter === "") return true;
  const { subject, address } = registration;
  if (subject.toLowerCase().includes(filter)) return true;
  return address !== null && formatAddress(address).includes(filter);
}

function comparePlaces(a: Place, b: Place): number {
  return b.bytesPerSecond - a.bytesPerSecond || a.ordinal - b.ordinal;
}

/** Keeps the best `limit` candidates and one more, which indicates that there is another page. */
function keepBest(candidates: Candidate[], limit: number): Candidate[] {
  candidates.sort((a, b) => comparePlaces(a.place, b.place)).splice(limit + 1);
  return candidates;
}

function pageOf(best: readonly Candidate[], source: StatsSource, { limit, order }: StatsQuery): StatsPage {
  const page = best.slice(0, limit);
  const last = page.at(-1);
  return {
    registrations: page.flatMap(({ registration }) => viewOf(registration, source)),
    next: best.length > limit && last ? formatPlace(last.place, order) : null,
  };
}

/** Returns the administrator's view of a registration; none if it has ended since it was found. */
function viewOf(registration: Registration, { registry, rates }: StatsSource): RegistrationStats[] {
  const counters = registry.countersOf(registration.id);
  return counters ? [registrationStats(registration, counters, rates.of(registration))] : [];
}

function registrationStats(
  { id, subject, address, num, registeredAtMs, expiresAtMs }: Registration,
  counters: SessionCounters,
  rate: SessionRate | undefined,
): RegistrationStats {
  const { packetsFrom, bytesFrom, packetsTo, bytesTo, firstForwardedAtMs } = counters;
  return {
    id,
    subject,
    address: address && formatAddress(address),
    cids: num,
    path: rate?.path ?? pathSoFar(counters),
    packetsFrom,
    bytesFrom,
    packetsTo,
    bytesTo,
    rate: rate ? { packetsPerSecond: rate.packetsPerSecond, bytesPerSecond: rate.bytesPerSecond } : null,
    quietMs: rate ? Math.round(rate.quietMs) : null,
    firstForwardedAt: firstForwardedAtMs === null ? null : timestamp(firstForwardedAtMs),
    registeredAt: timestamp(registeredAtMs),
    expiresAt: timestamp(expiresAtMs),
    dropped: {
      "rate-limited": counters.packetsLimited,
      "no-address": counters.packetsNoAddress,
      "source-is-destination": counters.packetsToItself,
    },
  };
}

/** Forwarding path of a registration without traffic between samples: the kernel's if it forwarded any of the packets. */
function pathSoFar({ packetsFrom, packetsTo, packetsOffloaded }: SessionCounters): RegistrationStats["path"] {
  if (packetsFrom + packetsTo === 0) return "none";
  return packetsOffloaded > 0 ? "kernel" : "user";
}
