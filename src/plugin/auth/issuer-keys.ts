import type { JWTVerifyOptions } from "jose";
import * as defaults from "../../defaults/index.ts";
import { QuicpipeError } from "../../errors.ts";
import { downloadKeys, type FoundKeys, KeyDownloadError } from "./key-download.ts";
import { isOfUnknownKey, type KeySet, unusableKeys } from "./key-set.ts";
import type { AuthContext } from "./identity.ts";
import type { KeyOrigin } from "../options/keys.ts";
import type { VerifiedToken } from "./claims.ts";

/** Options of {@link IssuerKeys}. */
export interface IssuerKeysOptions extends Omit<AuthContext, "limits"> {
  readonly origin: KeyOrigin;
  /** Time for which keys stay valid while they cannot be fetched again, in ms. */
  readonly graceMs: number;
}

/** Fetched keys. */
interface HeldKeys {
  readonly set: KeySet;
  /** Number of the fetch that returned them. */
  readonly ofTry: number;
  readonly fetchedAtMs: number;
}

const noKeyFits = "no key that the relay has fits the token";

/**
 * The keys that an issuer publishes. They are fetched when they are old, and for a token that fits none of them, but at most
 * once per `defaults.keyCooldownMs`, whatever the outcome of the previous fetch. Valid keys stay valid while the issuer is
 * unreachable. A token that fits no key is only rejected as invalid by keys from a successful fetch that began after its
 * arrival.
 */
export class IssuerKeys {
  readonly #options: IssuerKeysOptions;
  #held: HeldKeys | undefined;
  #triedAtMs = 0;
  /** Number of fetches begun. */
  #tries = 0;
  #isFailing = false;
  /** The last logged fault of unusable keys. */
  #faults: string | undefined;
  #pending: Promise<void> | undefined;

  /** Fetches the keys before the first token arrives, so that faults of the issuer are in the log from the start. */
  constructor(options: IssuerKeysOptions) {
    this.#options = options;
    this.#begin();
  }

  /**
   * Verifies a token.
   *
   * @throws ERR_QUICPIPE_JWKS_UNAVAILABLE; errors of jose about the token.
   */
  async verify(token: string, options: JWTVerifyOptions): Promise<VerifiedToken> {
    const triesBefore = this.#tries;
    const held = await this.#usableKeys();
    const verified =
      (await judged(held, token, options, triesBefore)) ??
      (await judged(await this.#newerKeys(held), token, options, triesBefore));
    if (verified) return verified;
    throw this.#unavailable(noKeyFits);
  }

  async #usableKeys(): Promise<HeldKeys> {
    if (!this.#held || this.#ageMs() >= defaults.maxKeyAgeMs) {
      if (this.#mayFetch()) this.#begin();
      // While there are valid keys, requests do not wait for an issuer that failed to answer last time.
      if (!this.#isFailing || !this.#areGood()) await this.#pending;
    }
    if (this.#held && this.#areGood()) return this.#held;
    throw this.#unavailable("the keys that tokens are checked with cannot be fetched");
  }

  /** Returns other keys than those tried. Another request may have fetched them. */
  async #newerKeys(tried: HeldKeys): Promise<HeldKeys> {
    if (this.#held === tried) {
      if (this.#mayFetch()) this.#begin();
      await this.#pending;
    }
    if (this.#held && this.#held !== tried) return this.#held;
    throw this.#unavailable(noKeyFits);
  }

  #ageMs(): number {
    // A clock that was set back makes keys old, too.
    return Math.abs(this.#options.now() - (this.#held?.fetchedAtMs ?? 0));
  }

  /** Lifetime of fetched keys: at least until they are old, even if the grace is shorter. */
  get #lifeMs(): number {
    return Math.max(this.#options.graceMs, defaults.maxKeyAgeMs);
  }

  #areGood(): boolean {
    return this.#held !== undefined && this.#ageMs() < this.#lifeMs;
  }

  #cooldownMs(): number {
    if (this.#tries === 0) return 0;
    const passedMs = Math.abs(this.#options.now() - this.#triedAtMs);
    return Math.max(0, defaults.keyCooldownMs - passedMs);
  }

  #mayFetch(): boolean {
    return !this.#pending && !this.#options.signal.aborted && this.#cooldownMs() === 0;
  }

  #begin(): void {
    this.#tries++;
    this.#pending = this.#fetch().finally(() => {
      this.#pending = undefined;
      this.#triedAtMs = this.#options.now();
    });
  }

  async #fetch(): Promise<void> {
    const { origin, log, now, signal } = this.#options;
    try {
      const found = await downloadKeys(origin, signal);
      this.#held = { set: found.keys, ofTry: this.#tries, fetchedAtMs: now() };
      this.#complainOfKeys(found);
      if (this.#isFailing) log.write("info", "keys", "the issuer's keys can be fetched again");
      this.#isFailing = false;
    } catch (error) {
      this.#isFailing = true;
      if (!signal.aborted) this.#complain(error);
    }
  }

  /** Logs unusable keys, once while they stay the same. */
  #complainOfKeys({ url, keys: { faults } }: FoundKeys): void {
    if (faults !== undefined && faults !== this.#faults)
      this.#options.log.write("warn", "keys", unusableKeys, { url, cause: faults });
    this.#faults = faults;
  }

  #complain(error: unknown): void {
    const { log } = this.#options;
    const { url, message } =
      error instanceof KeyDownloadError ? error : { url: undefined, message: String(error) };
    const until =
      this.#held && this.#areGood() && new Date(this.#held.fetchedAtMs + this.#lifeMs).toISOString();
    const outcome = until ? "tokens are checked with the last ones" : "no token can be checked";
    log.write("warn", "keys", `the issuer's keys cannot be fetched: ${outcome}`, {
      url,
      cause: message,
      ...(until && { until }),
    });
  }

  #unavailable(reason: string): QuicpipeError {
    const retryAfterSeconds = Math.max(1, Math.ceil(this.#cooldownMs() / 1000));
    return new QuicpipeError(
      "ERR_QUICPIPE_JWKS_UNAVAILABLE",
      `${reason}: try again in ${retryAfterSeconds} s`,
      { details: { retryAfterSeconds } },
    );
  }
}

/** Verifies a token; `undefined` if it fits no key but may fit keys newer than the token. */
async function judged(
  { set, ofTry }: HeldKeys,
  token: string,
  options: JWTVerifyOptions,
  triesBefore: number,
): Promise<VerifiedToken | undefined> {
  try {
    return await set.verify(token, options);
  } catch (error) {
    if (ofTry <= triesBefore && isOfUnknownKey(token, error)) return undefined;
    throw error;
  }
}
