import * as defaults from "../../../defaults/index.ts";
import { pause } from "../../time/pause.ts";

/** The parts of a race. */
export interface AddressRace<T> {
  /** Returns the addresses to try, best first. Called at the start of each round. */
  readonly addresses: () => Promise<readonly string[]>;
  /** Tries an address until the signal aborts. Cleans up after a failure. */
  readonly attempt: (address: string, signal: AbortSignal) => Promise<T>;
  /** Disposes of a result that came after the first. */
  readonly discard: (result: T) => void;
  /** Ends the race, which then rejects with the signal's reason. */
  readonly signal: AbortSignal;
}

/**
 * Tries several addresses of one name, slightly staggered, and returns the first result (RFC 8305 §5). After silence, a
 * new round starts with a fresh look-up, as a host that comes back does not know earlier packets. A round in which all
 * attempts fail ends the race with the last failure.
 */
export async function raceAddresses<T>(race: AddressRace<T>): Promise<T> {
  const over = new AbortController();
  const signal = AbortSignal.any([race.signal, over.signal]);
  const won = Promise.withResolvers<T>();
  const win = (result: T): void => {
    if (signal.aborted) return race.discard(result);
    over.abort();
    won.resolve(result);
  };
  runRounds(race, signal, win).catch(won.reject);
  try {
    return await won.promise;
  } finally {
    over.abort();
  }
}

async function runRounds<T>(
  race: AddressRace<T>,
  signal: AbortSignal,
  win: (result: T) => void,
): Promise<void> {
  while (!signal.aborted) {
    const timeUp = pause(defaults.relayRoundMs, signal);
    const attempts = await startRound(race, signal, win);
    const failures = await Promise.race([Promise.all(attempts), timeUp]);
    const failure = failures?.at(-1);
    if (!signal.aborted && failure && failures?.every(Boolean)) throw failure.error;
  }
  race.signal.throwIfAborted();
}

/** The outcome of an attempt; `undefined` if it has won. */
type Attempt = Promise<{ readonly error: unknown } | void>;

/** Starts the attempts one after the other. A failure starts the next one at once. */
async function startRound<T>(
  { addresses, attempt }: AddressRace<T>,
  signal: AbortSignal,
  win: (result: T) => void,
): Promise<Attempt[]> {
  const attempts: Attempt[] = [];
  for (const address of await addresses()) {
    if (signal.aborted) break;
    const ending = AbortSignal.any([signal, AbortSignal.timeout(defaults.relayAttemptMs)]);
    const outcome = attempt(address, ending).then(win, (error: unknown) => ({ error }));
    attempts.push(outcome);
    await Promise.race([outcome, pause(defaults.relayStaggerMs, signal)]);
  }
  return attempts;
}
