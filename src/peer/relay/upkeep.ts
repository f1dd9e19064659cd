import * as defaults from "../../defaults/index.ts";
import { isQuicpipeError, QuicpipeError } from "../../errors.ts";
import type { InstanceName, RegisterRequest, RegisterResponse } from "../../protocol.ts";
import { type Address, formatAddress } from "../../wire/address.ts";
import type { AddressSeen } from "./stun-client.ts";
import { requireRegistration } from "./answer.ts";
import type { RelayClient } from "./client.ts";
import type { StunCredential } from "../../wire/stun-binding.ts";

/** The parts of a {@link RegistrationUpkeep}. */
export interface UpkeepParts {
  readonly relay: Pick<RelayClient, "register" | "endRegistration">;
  /** Proves the address by STUN. */
  readonly bind: (credential: StunCredential) => Promise<Address>;
  readonly token: () => Promise<string>;
  readonly key: Uint8Array;
  /** The process, for the relay, if it is told. */
  readonly instance?: InstanceName | undefined;
  /** How many connection IDs of the key to begin with. */
  readonly num: number;
  readonly keepaliveMs: number;
  /** Time until the first keepalive, in ms; as long as the others if absent. */
  readonly firstKeepaliveMs?: number;
  /** Called with each answer, which tells where the relay's UDP socket is. May throw. */
  readonly onAnswer?: (answer: RegisterResponse) => void;
  /** Returns what the latest STUN answer to any registration of the socket showed. */
  readonly lastSeen?: () => AddressSeen | undefined;
  /** Called at each keepalive. */
  readonly onKeepalive?: () => void;
  /** Called when the relay has followed to another address: packets get through again. */
  readonly onMoved?: () => void;
  /** Called when the relay knows more connection IDs: numbers 1 to this one. */
  readonly onGrown?: (num: number) => void;
  /** Receives refusals of more connection IDs. The registration lives on with those that it has. */
  readonly onError?: (error: QuicpipeError) => void;
}

/**
 * One registration at the relay and its upkeep. STUN keeps the NAT's mapping, renews the life of the registration and moves it to a
 * new address: at each keepalive, unless another registration of the socket has just had an answer. If STUN fails, the registration
 * is made again over HTTP.
 */
export class RegistrationUpkeep {
  readonly #parts: UpkeepParts;
  #current: RegisterResponse;
  /** How many connection IDs the relay knows, and how many it should. */
  #num: number;
  #wantedNum: number;
  #token: string;
  #timer: NodeJS.Timeout | undefined;
  #fault: QuicpipeError | undefined;
  #upkeep: Promise<void> | undefined;
  /** Start of the pending STUN request; `Infinity` without one. */
  #askedAtMs = Infinity;
  #renewedAtMs: number = performance.now();
  #started: Promise<void> | undefined;
  #ended: Promise<void> | undefined;

  /**
   * Takes over a registration. The caller starts the upkeep, and ends it.
   *
   * @param first what the relay answered.
   * @param token the one that the registration was asked for with.
   */
  constructor(parts: UpkeepParts, first: RegisterResponse, token: string) {
    this.#parts = parts;
    this.#current = first;
    this.#num = this.#wantedNum = parts.num;
    this.#token = token;
  }

  /**
   * Registers, proves the address if HTTP could not, and starts the upkeep. The caller ends it.
   *
   * @throws ERR_QUICPIPE_RELAY_UNREACHABLE without a response, or the code of the relay's refusal.
   */
  static async open(parts: UpkeepParts): Promise<RegistrationUpkeep> {
    const token = await parts.token();
    const answer = await ask(parts, parts.num);
    const registration = new RegistrationUpkeep(parts, answer, token);
    await registration.start();
    return registration;
  }

  /**
   * Proves the address if HTTP could not, and starts the upkeep. If that fails, the registration ends. Idempotent.
   *
   * @throws ERR_QUICPIPE_RELAY_UNREACHABLE, ERR_QUICPIPE_REGISTRATION_NOT_FOUND
   */
  start(): Promise<void> {
    this.#started ??= this.#start();
    return this.#started;
  }

  get id(): string {
    return this.#current.id;
  }

  /** This peer's public address, as the relay sees it; `null` before it has seen one. */
  get address(): string | null {
    return this.#current.address;
  }

  /** Fault of the relay: upkeep has failed, or has waited suspiciously long for a response. */
  get fault(): QuicpipeError | undefined {
    const isSuspect = performance.now() - this.#askedAtMs > defaults.stunSuspectMs;
    return this.#fault ?? (isSuspect ? unanswered() : undefined);
  }

  /** Ends the registration at the relay. It expires there if the relay is out of reach. Idempotent. */
  end(): Promise<void> {
    clearTimeout(this.#timer);
    this.#ended ??= this.#parts.relay.endRegistration(this.id);
    return this.#ended;
  }

  /** Runs one round of upkeep, unless one is running. Never throws; see {@link fault}. */
  keepAlive(): Promise<void> {
    this.#upkeep ??= this.#keepAlive().finally(() => {
      this.#upkeep = undefined;
    });
    return this.#upkeep;
  }

  /**
   * Has the relay know the connection IDs 1 to `num`, or fewer where its limit is lower. If it refuses them for now, each keepalive asks again. Never throws; see
   * `onGrown`.
   */
  async grow(num: number): Promise<void> {
    this.#wantedNum = num;
    // One request at a time: one with fewer that arrived late would take them away.
    await this.#upkeep;
    await this.keepAlive();
  }

  async #start(): Promise<void> {
    try {
      if (this.#current.address === null) await this.#bind();
    } catch (error) {
      await this.end();
      throw error;
    }
    this.#schedule(this.#parts.firstKeepaliveMs);
  }

  #schedule(waitMs: number = this.#parts.keepaliveMs): void {
    if (this.#ended) return;
    this.#timer = setTimeout(() => void this.#onTimer(), waitMs);
    this.#timer.unref();
  }

  async #onTimer(): Promise<void> {
    this.#parts.onKeepalive?.();
    if (this.#isDue(performance.now())) await this.keepAlive();
    this.#schedule();
  }

  /**
   * Whether it needs STUN of its own. In the first half of its life an answer to another registration of the socket does as well: the
   * relay is there, and the NAT has the same mapping.
   */
  #isDue(nowMs: number): boolean {
    const { keepaliveMs, lastSeen } = this.#parts;
    const { address, ttlMs = 0 } = this.#current;
    const seen = lastSeen?.();
    // Half of the gap, so that the socket has an answer in each: whoever had the last one waits for no other after a whole gap.
    const isSeen = seen?.address === address && nowMs - seen.atMs < keepaliveMs / 2;
    const isYoung = nowMs - this.#renewedAtMs < ttlMs / 2;
    return !isSeen || !isYoung || this.#fault !== undefined || this.#wantedNum > this.#num;
  }

  async #keepAlive(): Promise<void> {
    try {
      await this.#renew();
      this.#fault = undefined;
    } catch (error) {
      this.#fault = knownFault(error);
      return;
    }
    if (this.#wantedNum > this.#num) await this.#grow(this.#wantedNum);
  }

  async #grow(num: number): Promise<void> {
    if (this.#ended) return;
    try {
      this.#current = await ask(this.#parts, num);
    } catch (error) {
      if (isQuicpipeError(error, "ERR_QUICPIPE_NUM_INVALID")) return await this.#growLess(num);
      this.#parts.onError?.(knownFault(error));
      return;
    }
    this.#num = num;
    this.#parts.onGrown?.(num);
  }

  /** The relay's limit is no fault, but is not told: what is left below it is used, and the connection goes on under that. */
  async #growLess(num: number): Promise<void> {
    this.#wantedNum = this.#num + Math.floor((num - this.#num) / 2);
    if (this.#wantedNum > this.#num) await this.#grow(this.#wantedNum);
  }

  async #renew(): Promise<void> {
    const token = await this.#parts.token();
    // A new token may carry new limits, which the relay reads on registering.
    if (token !== this.#token) await this.#registerAgain(token);
    try {
      await this.#bind();
    } catch (error) {
      this.#fault = knownFault(error);
      // The relay has lost the registration (it restarted, or this peer slept too long), or only STUN does not get
      // through. The same key restores the same connection IDs. Then STUN decides on the address, as the relay may know
      // the HTTP/3 session by an older one.
      await this.#registerAgain(token);
      await this.#bind();
    }
  }

  async #registerAgain(token: string): Promise<void> {
    if (this.#ended) return;
    this.#current = await ask(this.#parts, this.#num);
    this.#renewedAtMs = performance.now();
    this.#token = token;
  }

  async #bind(): Promise<void> {
    if (this.#ended) return;
    this.#askedAtMs = performance.now();
    try {
      const password = this.#current.secret;
      const address = formatAddress(await this.#parts.bind({ username: this.id, password }));
      const hasMoved = address !== this.#current.address;
      this.#current = { ...this.#current, address };
      this.#renewedAtMs = performance.now();
      if (hasMoved) this.#parts.onMoved?.();
    } finally {
      this.#askedAtMs = Infinity;
    }
  }
}

/** Returns the request that registers a peer's connection IDs. */
export function registerRequest(key: Uint8Array, num: number, instance?: InstanceName): RegisterRequest {
  const ttlMs = defaults.peerRegistrationTtlMs;
  return { key: Buffer.from(key).toString("base64"), num, ttlMs, ...(instance && { instance }) };
}

async function ask(parts: UpkeepParts, num: number): Promise<RegisterResponse> {
  const answer = requireRegistration(
    await parts.relay.register(registerRequest(parts.key, num, parts.instance)),
  );
  parts.onAnswer?.(answer);
  return answer;
}

function unanswered(): QuicpipeError {
  return new QuicpipeError("ERR_QUICPIPE_RELAY_UNREACHABLE", "the relay has not answered STUN for a while");
}

function knownFault(error: unknown): QuicpipeError {
  if (isQuicpipeError(error)) return error;
  const message = "the registration could not be renewed";
  return new QuicpipeError("ERR_QUICPIPE_RELAY_UNREACHABLE", message, { cause: error });
}
