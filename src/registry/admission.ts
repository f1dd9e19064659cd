import { QuicpipeError } from "../errors.ts";
import { type Address, formatAddress } from "../wire/address.ts";
import { isWithinShare } from "../share.ts";
import type { Quota } from "./quota.ts";

/** Registrations and their connection IDs. */
export interface Holdings {
  readonly registrations: number;
  readonly cids: number;
}

/** What decides whether a registration is let in. */
export interface Admission {
  /** Connection IDs that are asked for. */
  readonly num: number;
  /** Those that it has already; 0 for a new registration. */
  readonly held: number;
  readonly draining: boolean;
  readonly quota: Quota;
  /** What the subject holds beside this registration. */
  readonly own: Holdings;
  /** What all subjects hold beside this registration. */
  readonly all: Holdings;
  readonly maxRegistrations: number;
  readonly maxCids: number;
}

/**
 * Lets a registration pass if the relay takes new ones, its subject may have it and the table has room: of registrations
 * and of connection IDs the last quarter is for those who hold none. A refresh that asks for nothing more takes no room.
 *
 * @throws ERR_QUICPIPE_DRAINING, ERR_QUICPIPE_REGISTRATION_QUOTA, ERR_QUICPIPE_CID_QUOTA,
 *   ERR_QUICPIPE_TABLE_FULL
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

/** The refusal of a peer that seems to be where the relay itself is. */
export function ownAddress(address: Address): QuicpipeError {
  return new QuicpipeError(
    "ERR_QUICPIPE_OWN_ADDRESS",
    `${formatAddress(address)} is the relay's own address: register from the peer's UDP socket`,
  );
}

/** The refusal of connection IDs that another registration holds. */
export function conflict(): QuicpipeError {
  return new QuicpipeError(
    "ERR_QUICPIPE_CID_CONFLICT",
    "another registration holds these connection IDs: make a new random key",
  );
}
