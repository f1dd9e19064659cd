import { randomBytes } from "node:crypto";
import * as defaults from "../../../defaults/index.ts";
import { type Address, formatAddress, sameAddress } from "../../../wire/address.ts";
import { TokenBucket } from "../../../token-bucket.ts";
import type { WithheldChecks } from "./checklist.ts";
import type { CheckCredential } from "./credential.ts";
import { ReplayWindow } from "./replay-window.ts";
import { stunTransactionIdBytes } from "../../../wire/stun.ts";
import {
  encodeCheck,
  encodeCheckAnswer,
  parseCheck,
  parseCheckAnswer,
  verifyCheck,
} from "../../../wire/stun-check.ts";
import type { PeerSocket } from "../../socket.ts";

/** Receives the checks of one connection. */
export interface CheckOwner {
  readonly own: CheckCredential;
  readonly other: CheckCredential;
  /** What limits have withheld of its checks so far. */
  readonly withheld: WithheldChecks;
  /** Whether an address has answered a check. */
  isProven(from: Address): boolean;
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

/** A connection, and what it has sent and answered. */
interface Entry {
  readonly owner: CheckOwner;
  /** Number of its next check. */
  next: number;
  readonly seen: ReplayWindow;
  /** Answers to addresses that have answered, and to others: nobody's checks take the place of those of a path in use. */
  readonly proven: TokenBucket;
  readonly others: TokenBucket;
}

type ChecksSocket = Pick<PeerSocket, "send" | "strangers" | "isDirect">;

/** Sends and answers the checks of all connections that share a socket (RFC 8445 §7, in shape). */
export class PathChecks {
  readonly #socket: ChecksSocket;
  /** By tag. */
  readonly #owners = new Map<string, Entry>();
  #refused = 0;
  /** Of connections that have ended. */
  #withheld: WithheldChecks = { targets: 0, rounds: 0, checks: 0, talks: 0 };
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

  /** What limits have withheld of the checks of all connections, also of those that have ended. */
  get withheld(): WithheldChecks {
    return Array.from(this.#owners.values(), ({ owner }) => owner.withheld).reduce(sum, this.#withheld);
  }

  /** Takes checks for a connection until the returned function is called. */
  add(owner: CheckOwner): () => void {
    // An engine that a fault has ended has no keys any more.
    if (owner.own.tag === "") return () => undefined;
    this.#owners.set(owner.own.tag, entryOf(owner));
    this.#socket.strangers?.addTag(owner.own.tag);
    return () => {
      if (this.#owners.delete(owner.own.tag)) this.#withheld = sum(this.#withheld, owner.withheld);
      this.#socket.strangers?.removeTag(owner.own.tag);
      for (const [key, sent] of this.#sent) if (sent.owner === owner) this.#sent.delete(key);
      this.#tellSocket();
    };
  }

  /** Sends one check. Nobody repeats it: whoever wants to know sends another. An opener goes only some routers far. */
  send(owner: CheckOwner, to: Address, isNominated: boolean, nowMs: number, isOpener = false): void {
    const entry = this.#owners.get(owner.own.tag);
    if (!entry) return;
    const transactionId = numbered(entry.next++);
    const { secret } = owner.other;
    this.#forget(nowMs);
    this.#sent.set(keyOf(transactionId), { owner, to, secret, transactionId, atMs: nowMs });
    if (!this.#told.has(formatAddress(to)) && !this.#socket.isDirect(to)) this.#tellSocket();
    const datagram = encoded(owner, transactionId, isNominated);
    this.#socket.send(datagram, to, isOpener ? defaults.openerTtl : undefined);
  }

  /** Returns one check whose answer nobody waits for. */
  make(owner: CheckOwner): Uint8Array {
    const entry = this.#owners.get(owner.own.tag);
    return entry ? encoded(owner, numbered(entry.next++), false) : new Uint8Array();
  }

  /** Reports whether a datagram is a check of a connection's other side. */
  isCheckOf({ own }: CheckOwner, datagram: Uint8Array): boolean {
    const check = parseCheck(datagram);
    return check?.receiverTag === own.tag && verifyCheck(check, own.secret);
  }

  /** Takes a STUN message that is not the relay's. What does not prove its origin is ignored. */
  receive(datagram: Uint8Array, from: Address): void {
    if (datagram[0] === 0) this.#answer(datagram, from);
    else this.#match(datagram, from);
  }

  #answer(datagram: Uint8Array, from: Address): void {
    const check = parseCheck(datagram);
    const entry = check && this.#owners.get(check.receiverTag);
    if (!entry || !verifyCheck(check, entry.owner.own.secret)) return;
    if (!this.#mayAnswer(entry, check.transactionId, from)) return void this.#refused++;
    const { owner } = entry;
    const { transactionId, isNominated } = check;
    this.#socket.send(encodeCheckAnswer({ transactionId, address: from, secret: owner.own.secret }), from);
    owner.onCheck(from, isNominated);
  }

  #mayAnswer({ owner, seen, proven, others }: Entry, transactionId: Uint8Array, from: Address): boolean {
    // Whoever has seen a check can send it again, from anywhere.
    if (!seen.take(numberOf(transactionId)) || !owner.permits(from)) return false;
    return (owner.isProven(from) ? proven : others).take(1, performance.now());
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

function sum(one: WithheldChecks, other: WithheldChecks): WithheldChecks {
  return {
    targets: one.targets + other.targets,
    rounds: one.rounds + other.rounds,
    checks: one.checks + other.checks,
    talks: one.talks + other.talks,
  };
}

function entryOf(owner: CheckOwner): Entry {
  const { answersPerSecond, answersAtOnce } = defaults;
  const bucket = (): TokenBucket => new TokenBucket(answersPerSecond, answersAtOnce, performance.now());
  return { owner, next: 0, seen: new ReplayWindow(), proven: bucket(), others: bucket() };
}

function encoded({ own, other }: CheckOwner, transactionId: Uint8Array, isNominated: boolean): Uint8Array {
  const { tag: receiverTag, secret } = other;
  return encodeCheck({ transactionId, receiverTag, senderTag: own.tag, isNominated, secret });
}

/** Returns a transaction ID that begins with a number, by which the receiver takes each check once. The rest is random. */
function numbered(number: number): Uint8Array {
  const transactionId = randomBytes(stunTransactionIdBytes);
  transactionId.writeUInt32BE(number);
  return transactionId;
}

function numberOf(transactionId: Uint8Array): number {
  return Buffer.from(transactionId).readUInt32BE();
}

function keyOf(transactionId: Uint8Array): string {
  return Buffer.from(transactionId).toString("latin1");
}
