/** Offsets into the structs of `bpf/abi.h`, which the kernel, the addon and TypeScript share, as far as TypeScript reads them. */

/** Size of a session's state (`qp_session_state`) in 64-bit words. */
const stateWords = 16;

/** Words of a state. `packetsTo` counts the packets of user space alone. */
const word = {
  packetsFrom: 0,
  bytesFrom: 1,
  packetsTo: 2,
  bytesTo: 3,
  packetsLimited: 4,
  packetsOffloaded: 5,
  packetsNoAddress: 6,
  packetsToItself: 7,
  expiry: 8,
  first: 9,
} as const;

/** Size of a processor's counters (`qp_processor`) in 64-bit words. */
const processorWords = 8;

/** Counters in its first words, in their order: forwarded packets and bytes, then drops by reason. */
export const totalNames = [
  "packets",
  "bytes",
  "session-expired",
  "source-unregistered",
  "rate-limited",
] as const;

/** Counters of a session. */
export type SessionStateCounters = Readonly<Record<Exclude<keyof typeof word, "expiry" | "first">, number>>;
export type Totals = Readonly<Record<(typeof totalNames)[number], number>>;

/**
 * Reads the counters of one session from the states of all, which others may be writing. `packetsTo` counts the packets of
 * both paths, `packetsOffloaded` those that the kernel forwarded.
 */
export function readCounters(states: BigUint64Array, session: number): SessionStateCounters {
  const at = session * stateWords;
  const count = (name: keyof typeof word): number => Number(states[at + word[name]] ?? 0n);
  return {
    packetsFrom: count("packetsFrom"),
    bytesFrom: count("bytesFrom"),
    packetsTo: count("packetsTo") + count("packetsOffloaded"),
    bytesTo: count("bytesTo"),
    packetsLimited: count("packetsLimited"),
    packetsOffloaded: count("packetsOffloaded"),
    packetsNoAddress: count("packetsNoAddress"),
    packetsToItself: count("packetsToItself"),
  };
}

/**
 * Reads the traffic of many sessions, back to back: packets both ways, bytes both ways, packets that the kernel forwarded. It
 * reads halves of words, because each whole word would be a `bigint` of its own: garbage by the megabyte.
 */
export function sampleCounters(states: BigUint64Array, sessions: Uint32Array, into: Float64Array): void {
  const halves = new Uint32Array(states.buffer, states.byteOffset, states.length * 2);
  let at = 0;
  for (const session of sessions) {
    const state = session * stateWords;
    const offloaded = wordAt(halves, state + word.packetsOffloaded);
    into[at++] =
      wordAt(halves, state + word.packetsFrom) + wordAt(halves, state + word.packetsTo) + offloaded;
    into[at++] = wordAt(halves, state + word.bytesFrom) + wordAt(halves, state + word.bytesTo);
    into[at++] = offloaded;
  }
}

/**
 * Reads a word that others may be writing. The upper half, read again, shows whether the lower one belongs to it. Plain reads
 * could be omitted or reordered.
 */
function wordAt(halves: Uint32Array, index: number): number {
  const upper = Atomics.load(halves, 2 * index + 1);
  const lower = Atomics.load(halves, 2 * index);
  return Atomics.load(halves, 2 * index + 1) === upper ? upper * 2 ** 32 + lower : wordAt(halves, index);
}

/** Reads a session's end of life from the states of all, in ns on the monotonic clock. */
export function readExpiry(states: BigUint64Array, session: number): bigint {
  return states[session * stateWords + word.expiry] ?? 0n;
}

/** Reads when the first packet was let through to or from a session, in ns on the monotonic clock; 0 if none was. */
export function readFirst(states: BigUint64Array, session: number): bigint {
  return states[session * stateWords + word.first] ?? 0n;
}

/** Adds up the program's totals over all processors, which the program may be writing. */
export function readTotals(words: BigUint64Array): Totals {
  const sums = totalNames.map((name, i) => {
    let sum = 0;
    for (let at = i; at < words.length; at += processorWords) sum += Number(words[at]);
    return [name, sum];
  });
  return Object.fromEntries(sums) as Totals;
}
