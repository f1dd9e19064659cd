import { placeLookMs } from "../../../defaults/index.ts";
import type { Address } from "../../../wire/address.ts";
import type { CandidateList } from "../control/messages.ts";
import type { DirectAgreement } from "../policy.ts";
import { judgeCandidates } from "./candidates.ts";
import { guessAddresses } from "./guesses.ts";
import type { Reachability } from "./reachability.ts";
import { type Place, reachabilityFrom } from "./surroundings.ts";

/** The addresses of the other side that may be checked. */
export interface Permitted {
  readonly targets: readonly Address[];
  readonly guesses: readonly Address[];
}

/** The rules for what the other side names, as this host is placed at the moment: it may have got an address since that was named. */
export class CheckRules {
  readonly #place: () => Place;
  readonly #tries: () => DirectAgreement["tries"];
  #theirs: CandidateList | undefined;
  #reachability: Reachability | undefined;
  #lookedAtMs = -Infinity;

  constructor(place: () => Place, tries: () => DirectAgreement["tries"]) {
    this.#place = place;
    this.#tries = tries;
  }

  /** What the other side has told last. */
  get theirs(): CandidateList | undefined {
    return this.#theirs;
  }

  /** Takes the other side's list, and returns what of it may be checked now. */
  take(theirs: CandidateList, nowMs: number): Permitted {
    this.#theirs = theirs;
    const reachability = this.#look(theirs, nowMs);
    const { taken } = judgeCandidates(theirs.candidates, reachability);
    return { targets: taken.map(({ address }) => address), guesses: guessAddresses(theirs, reachability) };
  }

  /** Reports whether an address may be sent to. None may before the other side's list has come. */
  permits(address: Address, nowMs: number): boolean {
    if (!this.#theirs) return false;
    const isFresh = this.#reachability && nowMs - this.#lookedAtMs < placeLookMs;
    const reachability = isFresh ? this.#reachability! : this.#look(this.#theirs, nowMs);
    return reachability.refuse(address) === undefined;
  }

  #look(theirs: CandidateList, nowMs: number): Reachability {
    this.#lookedAtMs = nowMs;
    this.#reachability = reachabilityFrom(this.#place(), this.#tries(), theirs.candidates);
    return this.#reachability;
  }
}
