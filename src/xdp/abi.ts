/** Where the structs of `bpf/abi.h`, which the kernel, the addon and TypeScript share, have what TypeScript reads. */

/** 64-bit words of a session's account (`qp_account`), and those that tell the end of its life and its first packet. */
const accountWords = 16;
const expiryWord = 8;
const firstWord = 9;

/** What the first words of an account count, in their order; those in `packetsTo` are user space's alone. */
export const accountCounters = [
  "packetsFrom",
  "bytesFrom",
  "packetsTo",
  "bytesTo",
  "packetsLimited",
  "packetsOffloaded",
  "packetsNoAddress",
  "packetsToItself",
] as const;

/** 64-bit words that a processor has for what the program counts on it (`qp_processor`). */
const processorWords = 8;

/** What the first of them count, in their order: what the program forwarded, and why it dropped. */
export const totalNames = [
  "packets",
  "bytes",
  "session-expired",
  "source-unregistered",
  "rate-limited",
] as const;

export type AccountCounters = Readonly<Record<(typeof accountCounters)[number], number>>;
export type Totals = Readonly<Record<(typeof totalNames)[number], number>>;

/**
 * Reads the counters of one session out of the accounts of all, which others may be writing. `packetsTo` has the packets
 * on both paths, `packetsOffloaded` those that the kernel forwarded.
 */
export function readCounters(accounts: BigUint64Array, session: number): AccountCounters {
  const at = session * accountWords;
  const count = (word: number): number => Number(accounts[at + word] ?? 0n);
  return {
    packetsFrom: count(packetsFrom),
    bytesFrom: count(bytesFrom),
    packetsTo: count(packetsTo) + count(packetsOffloaded),
    bytesTo: count(bytesTo),
    packetsLimited: count(packetsLimited),
    packetsOffloaded: count(packetsOffloaded),
    packetsNoAddress: count(packetsNoAddress),
    packetsToItself: count(packetsToItself),
  };
}

/**
 * Reads the traffic of many sessions: for each, packets and bytes both ways and the packets that the kernel forwarded,
 * back to back. By halves of words, as each word read whole would be a `bigint` of its own: garbage by the megabyte.
 */
export function sampleCounters(accounts: BigUint64Array, sessions: Uint32Array, into: Float64Array): void {
  const halves = new Uint32Array(accounts.buffer, accounts.byteOffset, accounts.length * 2);
  let at = 0;
  for (const session of sessions) {
    const word = session * accountWords;
    const offloaded = wordAt(halves, word + packetsOffloaded);
    into[at++] = wordAt(halves, word + packetsFrom) + wordAt(halves, word + packetsTo) + offloaded;
    into[at++] = wordAt(halves, word + bytesFrom) + wordAt(halves, word + bytesTo);
    into[at++] = offloaded;
  }
}

const packetsFrom = accountCounters.indexOf("packetsFrom");
const bytesFrom = accountCounters.indexOf("bytesFrom");
const packetsTo = accountCounters.indexOf("packetsTo");
const bytesTo = accountCounters.indexOf("bytesTo");
const packetsLimited = accountCounters.indexOf("packetsLimited");
const packetsOffloaded = accountCounters.indexOf("packetsOffloaded");
const packetsNoAddress = accountCounters.indexOf("packetsNoAddress");
const packetsToItself = accountCounters.indexOf("packetsToItself");

/**
 * A word that others may be writing: its upper half, read again, tells whether the lower one belongs to it. Plain reads
 * may be left out or change their order.
 */
function wordAt(halves: Uint32Array, word: number): number {
  const upper = Atomics.load(halves, 2 * word + 1);
  const lower = Atomics.load(halves, 2 * word);
  return Atomics.load(halves, 2 * word + 1) === upper ? upper * 2 ** 32 + lower : wordAt(halves, word);
}

/** Reads when a session's time is over, on the monotonic clock in ns, out of the accounts of all. */
export function readExpiry(accounts: BigUint64Array, session: number): bigint {
  return accounts[session * accountWords + expiryWord] ?? 0n;
}

/** Reads when the first packet was let through to a session or from it, on the monotonic clock in ns; 0: none yet. */
export function readFirst(accounts: BigUint64Array, session: number): bigint {
  return accounts[session * accountWords + firstWord] ?? 0n;
}

/** Adds up the program's totals on each processor, which it may be writing. */
export function readTotals(words: BigUint64Array): Totals {
  const sums = totalNames.map((name, i) => {
    let sum = 0;
    for (let at = i; at < words.length; at += processorWords) sum += Number(words[at]);
    return [name, sum];
  });
  return Object.fromEntries(sums) as Totals;
}
