import * as defaults from "../../defaults/index.ts";
import { pause } from "../time/pause.ts";

/** Who runs in a race, and for what. */
export interface AddressRace<T> {
  /** The addresses to try, best first; asked at the start of each round. */
  readonly addresses: () => Promise<readonly string[]>;
  /** Tries one until the signal aborts, and cleans up after itself where it fails. */
  readonly attempt: (address: string, signal: AbortSignal) => Promise<T>;
  /** Takes what came second. */
  readonly discard: (result: T) => void;
  /** Ends the race; it then rejects with the signal's reason. */
  readonly signal: AbortSignal;
}

/**
 * Tries several addresses of one name, a little apart, and takes the first that answers (RFC 8305 §5). Silence is
 * followed by a new round under a fresh look-up, as a host that comes back does not know what was sent before; a round
 * in which all have failed ends the race with the last failure.
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

/** What became of an attempt: nothing to say where it has won. */
type Attempt = Promise<{ readonly error: unknown } | void>;

/** Starts one attempt after the other; the next one at once where one fails. */
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
