import { QuicpipeError } from "../errors.ts";
import { namesOf, type OptionTable } from "../option-checks.ts";
import { type Address, formatAddress } from "../wire/address.ts";
import { isWithinShare } from "../share.ts";

/** Limits of one account. */
export interface Quota {
  /** Concurrent registrations. */
  readonly maxRegistrations: number;
  /** Connection IDs of all its registrations together. */
  readonly maxCids: number;
  /** Send rate of all its registrations together, in bytes per second. */
  readonly bytesPerSecond: number;
  /** Longest lifetime of a registration without renewal, in ms. */
  readonly maxTtlMs: number;
}

/** A row for each figure of a {@link Quota}. */
export const quotaTable: OptionTable<Quota> = {
  maxRegistrations: true,
  maxCids: true,
  bytesPerSecond: true,
  maxTtlMs: true,
};

/** Returns the smaller of each value: a claim narrows the server's quota and never widens it. */
export function narrowQuota(quota: Quota, claim: Partial<Quota>): Quota {
  const narrow = namesOf(quotaTable).map((name) => [name, Math.min(quota[name], claim[name] ?? Infinity)]);
  return Object.fromEntries(narrow) as Quota;
}

/** Counts of registrations and their connection IDs. */
export interface Holdings {
  readonly registrations: number;
  readonly cids: number;
}

/** Inputs of the admission check. */
export interface Admission {
  /** Connection IDs requested. */
  readonly num: number;
  /** Connection IDs that the registration already has; 0 for a new one. */
  readonly held: number;
  readonly draining: boolean;
  readonly quota: Quota;
  /** Holdings of the account, this registration excluded. */
  readonly own: Holdings;
  /** Holdings of all accounts, this registration excluded. */
  readonly all: Holdings;
  readonly maxRegistrations: number;
  readonly maxCids: number;
}

/**
 * Requires that the relay accepts registrations, the quota allows this one and the table has room. The last quarter of
 * registrations and of connection IDs is reserved for accounts that hold none. A refresh that requests no more connection
 * IDs takes no room.
 *
 * @throws ERR_QUICPIPE_DRAINING, ERR_QUICPIPE_REGISTRATION_QUOTA, ERR_QUICPIPE_CID_QUOTA, ERR_QUICPIPE_TABLE_FULL
 */
export function requireRoom({ num, held, draining, quota, own, all, ...table }: Admission): void {
  if (draining && held === 0)
    throw new QuicpipeError(
      "ERR_QUICPIPE_DRAINING",
      "the relay is shutting down and takes no new registrations: use another, or try again later",
    );
  if (own.registrations >= quota.maxRegistrations)
    throw new QuicpipeError(
      "ERR_QUICPIPE_REGISTRATION_QUOTA",
      `you hold ${own.registrations} registrations and may hold ${quota.maxRegistrations}: end one first`,
    );
  if (own.cids + num > quota.maxCids)
    throw new QuicpipeError(
      "ERR_QUICPIPE_CID_QUOTA",
      `${num} connection IDs on top of ${own.cids} are more than your ${quota.maxCids}: ask for fewer, or end a registration first`,
    );
  const registrations = { one: quota.maxRegistrations, all: table.maxRegistrations };
  const hasPlace =
    held > 0 || isWithinShare(1, { own: own.registrations, all: all.registrations }, registrations);
  const cids = { one: quota.maxCids, all: table.maxCids };
  const hasRoom =
    num <= held || isWithinShare(num - held, { own: own.cids + held, all: all.cids + held }, cids);
  if (!hasPlace || !hasRoom)
    throw new QuicpipeError(
      "ERR_QUICPIPE_TABLE_FULL",
      own.registrations + held > 0
        ? "the relay's table has no more room for those who are in it already: try again later"
        : "the relay's table is full: try again later",
    );
}

/** Returns what is held beside one registration, if that is counted. */
export function holdingsBeside(
  one: { readonly num: number } | undefined,
  registrations = 0,
  cids = 0,
): Holdings {
  return one ? { registrations: registrations - 1, cids: cids - one.num } : { registrations, cids };
}

/** Reports whether an account would hold more than its quota with one registration more than it has. */
export function exceedsQuota(own: Holdings, num: number, { maxRegistrations, maxCids }: Quota): boolean {
  return own.registrations >= maxRegistrations || own.cids + num > maxCids;
}

/** Returns the error for a peer whose address is the relay's own. */
export function ownAddress(address: Address): QuicpipeError {
  return new QuicpipeError(
    "ERR_QUICPIPE_OWN_ADDRESS",
    `${formatAddress(address)} is the relay's own address: register from the peer's UDP socket`,
  );
}

/** Returns the error for connection IDs that another registration holds. */
export function conflict(): QuicpipeError {
  return new QuicpipeError(
    "ERR_QUICPIPE_CID_CONFLICT",
    "another registration holds these connection IDs: make a new random key",
  );
}
