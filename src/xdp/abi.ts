/** Where the structs of `bpf/abi.h`, which the kernel, the addon and TypeScript share, have what TypeScript reads. */

/** 64-bit words of a session's account (`qp_account`), and the one that tells the end of its life. */
const accountWords = 16;
const expiryWord = 11;

/** What the first words of an account count, in their order; `packetsOffloaded` is the kernel's share of `packetsTo`. */
export const accountCounters = [
  "packetsFrom",
  "bytesFrom",
  "packetsTo",
  "bytesTo",
  "packetsLimited",
  "packetsOffloaded",
] as const;

/** What the words of the program's totals count, in their order: what it forwarded, and why it dropped. */
export const totalNames = [
  "packets",
  "bytes",
  "session-expired",
  "source-unregistered",
  "rate-limited",
] as const;

export type AccountCounters = Readonly<Record<(typeof accountCounters)[number], number>>;
export type Totals = Readonly<Record<(typeof totalNames)[number], number>>;

/** Reads the counters of one session out of the accounts of all, which others may be writing. */
export function readCounters(accounts: BigUint64Array, session: number): AccountCounters {
  return named(accountCounters, accounts, session * accountWords);
}

/** Reads when a session's time is over, on the monotonic clock in ns, out of the accounts of all. */
export function readExpiry(accounts: BigUint64Array, session: number): bigint {
  return accounts[session * accountWords + expiryWord] ?? 0n;
}

/** Reads the program's totals, which it may be writing. */
export function readTotals(words: BigUint64Array): Totals {
  return named(totalNames, words, 0);
}

function named<Name extends string>(
  names: readonly Name[],
  words: BigUint64Array,
  at: number,
): Readonly<Record<Name, number>> {
  return Object.fromEntries(names.map((name, i) => [name, Number(words[at + i] ?? 0n)])) as Record<
    Name,
    number
  >;
}
