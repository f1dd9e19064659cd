import { setTimeout as sleep } from "node:timers/promises";
import type { Pair, PairCounts } from "./honest/pair.ts";
import { type Visit, visitHttp3, visitTcp } from "./honest/visitor.ts";
import type { RelayProcess } from "./relay-process.ts";

/** Figures of a relay and its honest clients over some time. */
export interface Observation {
  /** Length of the observation. */
  readonly ms: number;
  readonly isAlive: boolean;
  /** The maximum, in bytes. */
  readonly rssBytes: number;
  readonly descriptors: number;
  /** Of the relay's event loop. */
  readonly longestTurnMs: number;
  readonly logBytes: number;
  /** Times that the relay fetched the issuer's keys. */
  readonly keyFetches: number;
  readonly visits: { readonly http3: readonly Visit[]; readonly tcp: readonly Visit[] };
  readonly pair: PairCounts;
}

/** Pause between two visits of a kind, in ms. */
const pauseMs = 200;
const sampleMs = 100;

/** Observes a relay until `during` settles. */
export async function observe(
  relay: RelayProcess,
  pair: Pair,
  during: Promise<unknown>,
): Promise<Observation> {
  const before = { logBytes: relay.logBytes, keyFetches: relay.issuer.fetches, pair: pair.counts };
  relay.takeLongestTurnMs();
  const startedAtMs = performance.now();
  const stop = new AbortController();
  const watching = Promise.all([
    highest(relay, stop.signal),
    visitAgain(() => visitHttp3(relay.target), stop.signal),
    visitAgain(() => visitTcp(relay.target), stop.signal),
  ]);
  await during;
  stop.abort();
  const [{ rssBytes, descriptors }, http3, tcp] = await watching;
  return {
    ms: performance.now() - startedAtMs,
    isAlive: relay.isAlive,
    rssBytes,
    descriptors,
    longestTurnMs: relay.takeLongestTurnMs(),
    logBytes: relay.logBytes - before.logBytes,
    keyFetches: relay.issuer.fetches - before.keyFetches,
    visits: { http3, tcp },
    pair: difference(pair.counts, before.pair),
  };
}

async function highest(
  relay: RelayProcess,
  signal: AbortSignal,
): Promise<{ rssBytes: number; descriptors: number }> {
  const most = { rssBytes: 0, descriptors: 0 };
  while (!signal.aborted) {
    most.rssBytes = Math.max(most.rssBytes, relay.rssBytes);
    most.descriptors = Math.max(most.descriptors, relay.descriptors);
    await sleep(sampleMs);
  }
  return most;
}

async function visitAgain(visit: () => Promise<Visit>, signal: AbortSignal): Promise<Visit[]> {
  const visits: Visit[] = [];
  while (!signal.aborted) {
    visits.push(await visit());
    await sleep(pauseMs);
  }
  return visits;
}

function difference(now: PairCounts, before: PairCounts): PairCounts {
  return {
    sent: now.sent - before.sent,
    received: now.received - before.received,
    renewals: now.renewals - before.renewals,
    renewalsFailed: now.renewalsFailed - before.renewalsFailed,
    messages: now.messages - before.messages,
    messagesFailed: now.messagesFailed - before.messagesFailed,
  };
}
