import { setTimeout as sleep } from "node:timers/promises";
import { attackFor } from "../hostile/attacker-process.ts";
import { attacks } from "../hostile/attacks/index.ts";
import { Pair, type PairCounts } from "../hostile/honest/pair.ts";
import type { RelayProcess } from "../hostile/relay-process.ts";
import { passBy, type PassersBy } from "../hostile/honest/passers-by.ts";

const pairCount = 4;

/** Counters of a load. */
export interface LoadCounts {
  /** Sum over all pairs. */
  readonly relayed: PairCounts;
  readonly passersBy: PassersBy;
  /** Faults of the attackers themselves. */
  readonly complaints: readonly string[];
}

/** Amount of hostile load. */
export interface Hostility {
  /** Duration of a round, in which every attack runs once. */
  readonly roundMs: number;
  /** Share of the time with an attack, from 0 to below 1. */
  readonly share: number;
}

/** Pairs that talk, visitors, registrations that come and go, and attacks in turn. The caller closes it. */
export class Load {
  readonly #pairs: readonly Pair[];
  readonly #stop = new AbortController();
  readonly #passing: Promise<PassersBy>;
  readonly #attacking: Promise<string[]>;

  private constructor(pairs: readonly Pair[], relay: RelayProcess, hostility: Hostility) {
    this.#pairs = pairs;
    this.#passing = passBy(relay.target, this.#stop.signal);
    this.#attacking = attackInTurn(relay, hostility, this.#stop.signal);
  }

  static async open(relay: RelayProcess, hostility: Hostility): Promise<Load> {
    const numbers = Array.from({ length: pairCount }, (_, number) => number);
    const pairs = await Promise.all(numbers.map((number) => Pair.open(relay.target, number)));
    return new Load(pairs, relay, hostility);
  }

  /** Ends the load and waits for outstanding work. */
  async close(): Promise<LoadCounts> {
    this.#stop.abort();
    const [passersBy, complaints] = await Promise.all([this.#passing, this.#attacking]);
    await Promise.all(this.#pairs.map((pair) => pair.close()));
    return { relayed: sumOf(this.#pairs.map(({ counts }) => counts)), passersBy, complaints };
  }
}

/** Attacks in rounds until `signal` aborts. Returns faults, including attacks of the first round that did not run. */
async function attackInTurn(
  relay: RelayProcess,
  { roundMs, share }: Hostility,
  signal: AbortSignal,
): Promise<string[]> {
  const complaints: string[] = [];
  const startedAtMs = performance.now();
  if (share === 0) return complaints;
  let count = 0;
  for (; relay.isAlive; count++) {
    const { name } = attacks[count % attacks.length]!;
    // The previous attack may have taken longer to end.
    const pauseMs = Math.max(0, startedAtMs + (count * roundMs) / attacks.length - performance.now());
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    const { complaint } = await attackFor(relay, name, (share * roundMs) / attacks.length);
    if (complaint) complaints.push(`${name}: ${complaint}`);
  }
  const missed = attacks[count];
  return missed ? [...complaints, `"${missed.name}" and what comes after it did not run`] : complaints;
}

function sumOf(all: readonly PairCounts[]): PairCounts {
  return all.reduce((sum, counts) => ({
    sent: sum.sent + counts.sent,
    received: sum.received + counts.received,
    renewals: sum.renewals + counts.renewals,
    renewalsFailed: sum.renewalsFailed + counts.renewalsFailed,
    messages: sum.messages + counts.messages,
    messagesFailed: sum.messagesFailed + counts.messagesFailed,
  }));
}
