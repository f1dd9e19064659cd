import { randomBytes } from "node:crypto";
import * as defaults from "../../defaults/index.ts";
import { QuicpipeError } from "../../errors.ts";
import { type Address, formatAddress } from "../../wire/address.ts";
import { parseStun, stunTransactionIdBytes } from "../../wire/stun.ts";
import {
  type BindingReply,
  type BindingRequest,
  encodeBindingRequest,
  parseBindingReply,
  type StunChallenge,
  type StunCredential,
} from "../../wire/stun-binding.ts";

/** The socket's public address by a STUN answer, and when that came, in ms of `performance.now()`. */
export interface AddressSeen {
  readonly address: string;
  readonly atMs: number;
}

/** A request that waits for its response. */
interface Transaction {
  readonly request: BindingRequest;
  readonly resolve: (reply: BindingReply | undefined) => void;
}

/**
 * Sends STUN Binding requests to the relay from the peer's socket (docs/protocol.md, "STUN"). They keep the NAT's
 * mapping, and move a registration to the address that they come from.
 */
export class StunClient {
  readonly #send: (datagram: Uint8Array) => void;
  /** By their IDs: each connection has a request at a time, and there may be a thousand. */
  readonly #transactions = new Map<string, Transaction>();
  /** The latest challenge, so that most requests need one round trip. */
  #challenge: StunChallenge | undefined;
  #lastSeen: AddressSeen | undefined;

  constructor(send: (datagram: Uint8Array) => void) {
    this.#send = send;
  }

  /** Takes a STUN message from the relay. Ignores everything but an expected response. */
  receive(datagram: Uint8Array): void {
    const transactionId = parseStun(datagram)?.transactionId;
    const transaction = transactionId && this.#transactions.get(keyOf(transactionId));
    if (!transaction) return;
    const reply = parseBindingReply(datagram, transaction.request);
    if (reply) transaction.resolve(reply);
  }

  /** What the latest answer showed; `undefined` after a request that failed. */
  get lastSeen(): AddressSeen | undefined {
    return this.#lastSeen;
  }

  /**
   * Proves to the relay that a registration is reachable at this socket's public address, and returns that address.
   *
   * @throws ERR_QUICPIPE_REGISTRATION_NOT_FOUND if the relay does not, or no longer, know the credential.
   * @throws ERR_QUICPIPE_RELAY_UNREACHABLE if no response came in 11.5 s.
   */
  async bind(credential: StunCredential): Promise<Address> {
    try {
      const address = await this.#bind(credential);
      this.#lastSeen = { address: formatAddress(address), atMs: performance.now() };
      return address;
    } catch (error) {
      this.#lastSeen = undefined;
      throw error;
    }
  }

  async #bind(credential: StunCredential): Promise<Address> {
    // One challenge for the first request or a stale nonce, and another if the address changed in between.
    for (let round = 0; round < maxRounds; round++) {
      const challenge = this.#challenge;
      const transactionId = randomBytes(stunTransactionIdBytes);
      const reply = await this.#transact({ transactionId, credential, challenge });
      if (reply?.kind === "success") return reply.address;
      if (reply?.kind !== "challenge") throw refused(reply);
      this.#challenge = reply.challenge;
      // RFC 8489 §9.2.5: a 401 in response to an answered challenge means that the credential is wrong.
      if (reply.code === 401 && challenge) throw refused(reply);
    }
    throw refused(undefined);
  }

  /** Asks without a credential, and returns the public address; `undefined` if nobody answers in 2.5 s. Moves and renews nothing. */
  async ask(): Promise<Address | undefined> {
    const { secondPortRequests, secondPortLastWaitMs } = defaults;
    const request = { transactionId: randomBytes(stunTransactionIdBytes) };
    const reply = await this.#transact(request, secondPortRequests, secondPortLastWaitMs);
    return reply?.kind === "success" ? reply.address : undefined;
  }

  /** Abandons all requests. */
  close(): void {
    for (const { resolve } of this.#transactions.values()) resolve(undefined);
  }

  /** Sends a request until a response comes, with growing gaps (RFC 8489 §6.2.1). */
  async #transact(
    request: BindingRequest,
    requests: number = defaults.stunRequests,
    lastWaitMs: number = defaults.stunLastWaitMs,
  ): Promise<BindingReply | undefined> {
    const { promise, resolve } = Promise.withResolvers<BindingReply | undefined>();
    const key = keyOf(request.transactionId);
    this.#transactions.set(key, { request, resolve });
    const datagram = encodeBindingRequest(request);
    let timer: NodeJS.Timeout | undefined;
    const sendAgain = (left: number, waitMs: number): void => {
      if (left === 0) return resolve(undefined);
      this.#send(datagram);
      const nextMs = left === 1 ? lastWaitMs : waitMs;
      timer = setTimeout(sendAgain, nextMs, left - 1, waitMs * 2);
      timer.unref();
    };
    sendAgain(requests, defaults.stunRtoMs);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#transactions.delete(key);
    }
  }
}

const maxRounds = 3;

function keyOf(transactionId: Uint8Array): string {
  return Buffer.from(transactionId).toString("latin1");
}

function refused(reply: BindingReply | undefined): QuicpipeError {
  if (!reply)
    return new QuicpipeError(
      "ERR_QUICPIPE_RELAY_UNREACHABLE",
      "the relay answers no STUN request: it is gone, or UDP no longer gets through",
    );
  const status = reply.kind === "success" ? 0 : reply.code;
  return new QuicpipeError(
    "ERR_QUICPIPE_REGISTRATION_NOT_FOUND",
    `the relay answered a STUN request with ${status}: it does not know the registration any more`,
    { details: { status } },
  );
}
