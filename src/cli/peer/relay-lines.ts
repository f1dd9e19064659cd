import { tokenRefusals, type QuicpipeError } from "../../errors.ts";
import type { PeerStatus } from "../../peer/index.ts";
import { printable } from "../terminal-text.ts";

/** Tells on stderr, once for each change, that the relay does not let others reach this peer, why, and when it does again. */
export class RelayLines {
  readonly #say: (line: string) => void;
  readonly #refused = Promise.withResolvers<never>();
  #hasListened = false;
  #isFailing = false;

  /** @param say writes a line. */
  constructor(say: (line: string) => void) {
    this.#say = say;
    // Whoever does not wait for it has another error.
    this.#refused.promise.catch(() => undefined);
  }

  /** Rejects if the relay refuses the very first token: another one will not come by itself. */
  get refused(): Promise<never> {
    return this.#refused.promise;
  }

  /** Tells a change. The error of one that is final is the command's. */
  tell({ state, error }: PeerStatus): void {
    if (state === "listening") this.#tellListening();
    else if (state === "failing") this.#tellFailing(error);
  }

  #tellListening(): void {
    if (this.#isFailing) this.#say("the relay answers; waiting");
    this.#hasListened = true;
    this.#isFailing = false;
  }

  #tellFailing(error: QuicpipeError): void {
    if (!this.#hasListened && tokenRefusals.includes(error.code)) return this.#refused.reject(error);
    this.#isFailing = true;
    this.#say(`${printable(error.message)} (${error.code}); trying again until the relay answers`);
  }
}
