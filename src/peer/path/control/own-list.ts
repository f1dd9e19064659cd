import type { NatReport } from "../../nat/report.ts";
import type { Candidate, CandidateList } from "./messages.ts";

/** This side's list of candidates, which is told in a new generation whenever it has changed. */
export class OwnList {
  #told = "";
  #generation = 0;

  /** Returns the list to tell; `undefined` if it is the one that was told last. */
  next(candidates: readonly Candidate[], nat: NatReport): CandidateList | undefined {
    const text = JSON.stringify([candidates, nat]);
    if (text === this.#told) return undefined;
    this.#told = text;
    return { type: "candidates", generation: ++this.#generation, candidates, nat };
  }
}
