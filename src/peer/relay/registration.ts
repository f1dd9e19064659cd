import * as defaults from "../../defaults/index.ts";
import { isQuicpipeError, QuicpipeError } from "../../errors.ts";
import type { RegisterRequest, RegisterResponse } from "../../protocol.ts";
import { type Address, formatAddress } from "../../wire/address.ts";
import { requireRegistration } from "./answer.ts";
import type { StunCredential } from "../../wire/stun-binding.ts";

/** What upkeep needs of the relay. */
export interface RegistrationRelay {
  register(request: RegisterRequest): Promise<RegisterResponse>;
  endRegistration(id: string): Promise<void>;
}

/** What a {@link Registration} is made from. */
export interface RegistrationParts {
  readonly relay: RegistrationRelay;
  /** Proves the address by STUN. */
  readonly bind: (credential: StunCredential) => Promise<Address>;
  readonly token: () => Promise<string>;
  readonly key: Uint8Array;
  readonly num: number;
  readonly keepaliveMs: number;
  /** Called with every keepalive that is due. */
  readonly onKeepalive?: () => void;
  /** Called when the relay has followed to another address: packets get through again. */
  readonly onMoved?: () => void;
}

/**
 * One registration at the relay and its upkeep: STUN every 15 s keeps the NAT's mapping, renews the life of the
 * registration and moves it to a new address; where that fails, it is made again over HTTP/3.
 */
export class Registration {
  readonly #parts: RegistrationParts;
  #current: RegisterResponse;
  #token: string;
  #timer: NodeJS.Timeout | undefined;
  #fault: QuicpipeError | undefined;
  #upkeep: Promise<void> | undefined;
  /** When the STUN request that waits for its answer was made. */
  #askedAtMs = Infinity;
  #ended: Promise<void> | undefined;

  private constructor(parts: RegistrationParts, first: RegisterResponse, token: string) {
    this.#parts = parts;
    this.#current = first;
    this.#token = token;
  }

  /**
   * Registers, proves the address where HTTP could not, and starts the upkeep. The caller ends it.
   *
   * @throws whatever the relay refuses with; ERR_QUICPIPE_RELAY_UNREACHABLE without an answer.
   */
  static async open(parts: RegistrationParts): Promise<Registration> {
    const token = await parts.token();
    const answer = requireRegistration(await parts.relay.register(requestFor(parts)));
    const registration = new Registration(parts, answer, token);
    try {
      if (registration.#current.address === null) await registration.#bind();
    } catch (error) {
      await registration.end();
      throw error;
    }
    registration.#schedule();
    return registration;
  }

  get id(): string {
    return this.#current.id;
  }

  /** This peer's public address as the relay knows it. */
  get address(): string | null {
    return this.#current.address;
  }

  /** What speaks against the relay: upkeep has failed, or waits for an answer suspiciously long. */
  get fault(): QuicpipeError | undefined {
    const isSuspect = performance.now() - this.#askedAtMs > defaults.stunSuspectMs;
    return this.#fault ?? (isSuspect ? unanswered() : undefined);
  }

  /** Ends it at the relay. What the relay does not hear of expires there by itself. Idempotent. */
  end(): Promise<void> {
    clearTimeout(this.#timer);
    this.#ended ??= this.#parts.relay.endRegistration(this.id);
    return this.#ended;
  }

  /** One round of upkeep, if none is on; never throws: {@link fault} tells. */
  keepAlive(): Promise<void> {
    this.#upkeep ??= this.#keepAlive().finally(() => {
      this.#upkeep = undefined;
    });
    return this.#upkeep;
  }

  #schedule(): void {
    if (this.#ended) return;
    this.#timer = setTimeout(() => void this.#onTimer(), this.#parts.keepaliveMs);
    this.#timer.unref();
  }

  async #onTimer(): Promise<void> {
    this.#parts.onKeepalive?.();
    await this.keepAlive();
    this.#schedule();
  }

  async #keepAlive(): Promise<void> {
    try {
      await this.#renew();
      this.#fault = undefined;
    } catch (error) {
      this.#fault = knownFault(error);
    }
  }

  async #renew(): Promise<void> {
    const token = await this.#parts.token();
    // A new token may carry new limits, which the relay reads when it registers.
    if (token !== this.#token) await this.#registerAgain(token);
    try {
      await this.#bind();
    } catch (error) {
      this.#fault = knownFault(error);
      // Gone at the relay (it was restarted, or slept too long), or STUN alone does not get through. The same
      // key brings the same connection IDs back; then STUN has the last word on the address, as the relay may
      // know the HTTP/3 session by an older one.
      await this.#registerAgain(token);
      await this.#bind();
    }
  }

  async #registerAgain(token: string): Promise<void> {
    if (this.#ended) return;
    this.#current = requireRegistration(await this.#parts.relay.register(requestFor(this.#parts)));
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
      if (hasMoved) this.#parts.onMoved?.();
    } finally {
      this.#askedAtMs = Infinity;
    }
  }
}

function requestFor({ key, num }: RegistrationParts): RegisterRequest {
  return { key: Buffer.from(key).toString("base64"), num, ttlMs: defaults.peerRegistrationTtlMs };
}

function unanswered(): QuicpipeError {
  return new QuicpipeError("ERR_QUICPIPE_RELAY_UNREACHABLE", "the relay has not answered STUN for a while");
}

function knownFault(error: unknown): QuicpipeError {
  if (isQuicpipeError(error)) return error;
  const message = "the registration could not be renewed";
  return new QuicpipeError("ERR_QUICPIPE_RELAY_UNREACHABLE", message, { cause: error });
}
