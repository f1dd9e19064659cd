import type { SessionId } from "../forwarder/index.ts";
import type { PeerAddress } from "../wire/address.ts";
import type { Quota } from "./quota.ts";
import type { RatedBy } from "./rate-buckets.ts";

/** Who registers what. */
export interface RegisterRequest {
  readonly subject: string;
  /** Whose quota it takes up: the subject, or its address where one subject is everybody. */
  readonly account: string;
  readonly quota: Quota;
  readonly ratedBy: RatedBy;
  /** The connection ID key, 16 to 64 bytes; it is not kept. */
  readonly key: Uint8Array;
  /** How many connection IDs, counted from 1. */
  readonly num: number;
  /** Life without renewal, in ms; cut to the quota's. */
  readonly ttlMs: number;
  /** The subject's public address if the request proved it. */
  readonly address: PeerAddress | null;
  /** When it did, in ms since the epoch; now if absent. */
  readonly provenAtMs?: number | undefined;
}

/** A live registration, as of now. */
export interface Registration {
  readonly id: string;
  readonly subject: string;
  /** Greater than that of every earlier registration, so that lists have an order that lasts. */
  readonly ordinal: number;
  /** Its session in the data plane, to read from; the number is used again after its end. */
  readonly session: SessionId;
  readonly num: number;
  readonly address: PeerAddress | null;
  /** ms since the epoch. */
  readonly registeredAtMs: number;
  /** ms since the epoch. */
  readonly expiresAtMs: number;
}

/** What the accepter of a mailbox message wants pinned. */
export interface InitialPin {
  /** The destination connection ID of the dialer's Initial, 8 to 20 bytes. */
  readonly destinationId: Uint8Array;
  /** Id of the accepter's registration. */
  readonly to: string;
  /** The dialer's account; `undefined` where that may be several peers. */
  readonly dialer: string | undefined;
  /** Id of the dialer's registration that sent the message, if one is known. */
  readonly from: string | undefined;
}
