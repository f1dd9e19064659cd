import { randomBytes } from "node:crypto";
import * as defaults from "../../../defaults/index.ts";
import { type Address, formatAddress, sameAddress } from "../../../wire/address.ts";
import { TokenBucket } from "../../../token-bucket.ts";
import { stunTransactionIdBytes } from "../../../wire/stun.ts";
import {
  encodeCheck,
  encodeCheckAnswer,
  parseCheck,
  parseCheckAnswer,
  verifyCheck,
} from "../../../wire/stun-check.ts";
import type { PeerSocket } from "../../socket.ts";

/** Tag and secret of one side of a connection. Whoever knows them may check its paths. */
export interface CheckCredential {
  /** 8 characters of base64url. */
  readonly tag: string;
  /** 32 bytes. */
  readonly secret: Uint8Array;
}

/** Receives the checks of one connection. */
export interface CheckOwner {
  readonly own: CheckCredential;
  /** Whether anything may be sent to where a check of the other side has come from. */
  permits(from: Address): boolean;
  /** A check of the other side has come, and been answered. */
  onCheck(from: Address, isNominated: boolean): void;
  /** A check of this side was answered, from where it went to. */
  onAnswer(to: Address, sentAtMs: number): void;
}

interface Sent {
  readonly owner: CheckOwner;
  readonly to: Address;
  readonly secret: Uint8Array;
  readonly transactionId: Uint8Array;
  readonly atMs: number;
}

type ChecksSocket = Pick<PeerSocket, "send" | "strangers" | "isDirect">;

/** Sends and answers the checks of all connections that share a socket (RFC 8445 §7, in shape). */
export class PathChecks {
  readonly #socket: ChecksSocket;
  /** By tag. */
  readonly #owners = new Map<string, { readonly owner: CheckOwner; readonly answers: TokenBucket }>();
  #refused = 0;
  /** Addresses of checks, as the socket knows them. */
  readonly #told = new Set<string>();
  /** By transaction ID, the oldest first. */
  readonly #sent = new Map<string, Sent>();

  constructor(socket: ChecksSocket) {
    this.#socket = socket;
  }

  /** Checks that were dropped, as there were too many for one connection. */
  get refused(): number {
    return this.#refused;
  }

  /** Takes checks for a connection until the returned function is called. */
  add(owner: CheckOwner): () => void {
    const answers = new TokenBucket(defaults.answersPerSecond, defaults.answersAtOnce, performance.now());
    this.#owners.set(owner.own.tag, { owner, answers });
    this.#socket.strangers?.addTag(owner.own.tag);
    return () => {
      this.#owners.delete(owner.own.tag);
      this.#socket.strangers?.removeTag(owner.own.tag);
      for (const [key, sent] of this.#sent) if (sent.owner === owner) this.#sent.delete(key);
      this.#tellSocket();
    };
  }

  /** Sends one check. Nobody repeats it: whoever wants to know sends another. */
  send(owner: CheckOwner, other: CheckCredential, to: Address, isNominated: boolean, nowMs: number): void {
    const transactionId = randomBytes(stunTransactionIdBytes);
    this.#forget(nowMs);
    this.#sent.set(keyOf(transactionId), { owner, to, secret: other.secret, transactionId, atMs: nowMs });
    if (!this.#told.has(formatAddress(to)) && !this.#socket.isDirect(to)) this.#tellSocket();
    const { tag: receiverTag, secret } = other;
    this.#socket.send(
      encodeCheck({ transactionId, receiverTag, senderTag: owner.own.tag, isNominated, secret }),
      to,
    );
  }

  /** Takes a STUN message that is not the relay's. What does not prove its origin is ignored. */
  receive(datagram: Uint8Array, from: Address): void {
    if (datagram[0] === 0) this.#answer(datagram, from);
    else this.#match(datagram, from);
  }

  #answer(datagram: Uint8Array, from: Address): void {
    const check = parseCheck(datagram);
    const entry = check && this.#owners.get(check.receiverTag);
    if (!entry) return;
    // Before the check is verified, which costs more than all the rest.
    if (!entry.answers.take(1, performance.now())) return void this.#refused++;
    const { owner } = entry;
    if (!verifyCheck(check, owner.own.secret) || !owner.permits(from)) return;
    const { transactionId, isNominated } = check;
    this.#socket.send(encodeCheckAnswer({ transactionId, address: from, secret: owner.own.secret }), from);
    owner.onCheck(from, isNominated);
  }

  #match(datagram: Uint8Array, from: Address): void {
    const key = keyOf(datagram.subarray(8, 8 + stunTransactionIdBytes));
    const sent = this.#sent.get(key);
    // An answer from elsewhere shows no way back (RFC 8445 §7.2.5.2.1).
    if (!sent || !sameAddress(sent.to, from) || !parseCheckAnswer(datagram, sent)) return;
    this.#sent.delete(key);
    sent.owner.onAnswer(sent.to, sent.atMs);
  }

  #forget(nowMs: number): void {
    for (const [key, { atMs }] of this.#sent) {
      if (nowMs - atMs < defaults.checkLifeMs && this.#sent.size < defaults.maxPendingChecks) return;
      this.#sent.delete(key);
    }
  }

  /** The socket lets answers in from where checks went to. */
  #tellSocket(): void {
    const addresses = new Map(Array.from(this.#sent.values(), ({ to }) => [formatAddress(to), to]));
    this.#told.clear();
    for (const text of addresses.keys()) this.#told.add(text);
    this.#socket.strangers?.setChecked([...addresses.values()]);
  }
}

function keyOf(transactionId: Uint8Array): string {
  return Buffer.from(transactionId).toString("latin1");
}
