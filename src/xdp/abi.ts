/** Offsets into the structs of `bpf/abi.h`, which the kernel, the addon and TypeScript share, as far as TypeScript reads them. */

/** Size of a session's account (`qp_account`) in 64-bit words, and its words for the end of life and the first packet. */
const accountWords = 16;
const expiryWord = 8;
const firstWord = 9;

/** Counters in the first words of an account, in their order. There `packetsTo` counts those of user space alone. */
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

export type AccountCounters = Readonly<Record<(typeof accountCounters)[number], number>>;
export type Totals = Readonly<Record<(typeof totalNames)[number], number>>;

/**
 * Reads the counters of one session from the accounts of all, which others may be writing. `packetsTo` counts the packets of
 * both paths, `packetsOffloaded` those that the kernel forwarded.
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
 * Reads the traffic of many sessions, back to back: packets both ways, bytes both ways, packets that the kernel forwarded. It
 * reads halves of words, because each whole word would be a `bigint` of its own: garbage by the megabyte.
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
 * Reads a word that others may be writing. The upper half, read again, shows whether the lower one belongs to it. Plain reads
 * could be omitted or reordered.
 */
function wordAt(halves: Uint32Array, word: number): number {
  const upper = Atomics.load(halves, 2 * word + 1);
  const lower = Atomics.load(halves, 2 * word);
  return Atomics.load(halves, 2 * word + 1) === upper ? upper * 2 ** 32 + lower : wordAt(halves, word);
}

/** Reads a session's end of life from the accounts of all, in ns on the monotonic clock. */
export function readExpiry(accounts: BigUint64Array, session: number): bigint {
  return accounts[session * accountWords + expiryWord] ?? 0n;
}

/** Reads when the first packet was let through to or from a session, in ns on the monotonic clock; 0 if none was. */
export function readFirst(accounts: BigUint64Array, session: number): bigint {
  return accounts[session * accountWords + firstWord] ?? 0n;
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
