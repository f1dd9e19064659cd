import { createLocalJWKSet, type JWTVerifyGetKey, type JWTVerifyOptions } from "jose";
import * as defaults from "../defaults.ts";
import { QuicpipeError } from "../errors.ts";
import { downloadKeys, KeyDownloadError } from "./key-download.ts";
import type { KeyOrigin } from "./key-settings.ts";
import type { Log } from "./log.ts";
import { isOfUnknownKey, verifiedBy } from "./signature.ts";
import type { VerifiedToken } from "./token-identity.ts";

/** Where the keys are, and how they are kept. */
export interface IssuerKeysOptions {
  readonly origin: KeyOrigin;
  /** How long keys stay good while they cannot be fetched anew, in ms. */
  readonly graceMs: number;
  readonly log: Pick<Log, "write">;
  /** ms since the epoch. */
  readonly now: () => number;
  /** Ends a fetch that is under way; from then on none is begun. */
  readonly signal: AbortSignal;
}

/**
 * The keys that an issuer publishes. They are fetched when they are old, and for a token that none of them fits, but at
 * most once in `defaults.keyCooldownMs`, whatever became of the fetch before. Those that were good stay good while the
 * issuer cannot be asked. A token that no key fits is only refused for good by keys that were fetched after it came.
 */
export class IssuerKeys {
  readonly #options: IssuerKeysOptions;
  #keys: JWTVerifyGetKey | undefined;
  #fetchedAtMs = 0;
  #triedAtMs = 0;
  /** Fetches begun so far. */
  #tries = 0;
  #isFailing = false;
  #pending: Promise<void> | undefined;

  constructor(options: IssuerKeysOptions) {
    this.#options = options;
  }

  /** Fetches the keys before anybody needs them, so that what is wrong with the issuer is in the log from the start. */
  prepare(): void {
    this.#begin();
  }

  /**
   * Checks a token.
   *
   * @throws ERR_QUICPIPE_JWKS_UNAVAILABLE; what jose throws about the token.
   */
  async verify(token: string, options: JWTVerifyOptions): Promise<VerifiedToken> {
    const triesBefore = this.#tries;
    const keys = await this.#usableKeys();
    try {
      return await verifiedBy(keys, token, options);
    } catch (error) {
      if (!isOfUnknownKey(token, error)) throw error;
      return await this.#verifyAnew(token, options, triesBefore);
    }
  }

  /** Checks a token that no key fitted with keys that may be newer. */
  async #verifyAnew(token: string, options: JWTVerifyOptions, triesBefore: number): Promise<VerifiedToken> {
    if (this.#tries === triesBefore) await this.#newerKeys();
    try {
      return await verifiedBy(this.#keys!, token, options);
    } catch (error) {
      const isJudged = this.#tries > triesBefore && !this.#isFailing;
      if (isJudged || !isOfUnknownKey(token, error)) throw error;
      throw this.#unavailable("no key that the relay has fits the token");
    }
  }

  async #usableKeys(): Promise<JWTVerifyGetKey> {
    if (!this.#keys || this.#ageMs() >= defaults.maxKeyAgeMs) {
      if (this.#mayFetch()) this.#begin();
      // Nobody waits for an issuer that did not answer last time, as long as there are keys.
      if (!this.#isFailing || !this.#areGood()) await this.#pending;
    }
    if (this.#keys && this.#areGood()) return this.#keys;
    throw this.#unavailable("the keys that tokens are checked with cannot be fetched");
  }

  async #newerKeys(): Promise<void> {
    if (this.#mayFetch()) this.#begin();
    if (!this.#pending) throw this.#unavailable("no key that the relay has fits the token");
    await this.#pending;
  }

  #ageMs(): number {
    // A clock that was set back makes keys old, too.
    return Math.abs(this.#options.now() - this.#fetchedAtMs);
  }

  /** How long keys stay good: as long as they are not old, even if the grace is shorter. */
  get #lifeMs(): number {
    return Math.max(this.#options.graceMs, defaults.maxKeyAgeMs);
  }

  #areGood(): boolean {
    return this.#keys !== undefined && this.#ageMs() < this.#lifeMs;
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
      this.#keys = createLocalJWKSet(await downloadKeys(origin, signal));
      this.#fetchedAtMs = now();
      if (this.#isFailing) log.write("info", "keys", "the issuer's keys can be fetched again");
      this.#isFailing = false;
    } catch (error) {
      this.#isFailing = true;
      if (!signal.aborted) this.#complain(error);
    }
  }

  #complain(error: unknown): void {
    const { log } = this.#options;
    const { url, message } =
      error instanceof KeyDownloadError ? error : { url: undefined, message: String(error) };
    if (!this.#areGood()) {
      const text = "the issuer's keys cannot be fetched: no token can be checked";
      log.write("warn", "keys", text, { url, cause: message });
      return;
    }
    const until = new Date(this.#fetchedAtMs + this.#lifeMs).toISOString();
    const text = "the issuer's keys cannot be fetched: tokens are checked with the last ones";
    log.write("warn", "keys", text, { url, cause: message, until });
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
