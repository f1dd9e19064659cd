import type { Namespace } from "../harness/network/namespaces.ts";

/** Where packets from one peer straight to another pass, and what tells them there. */
export interface Passage {
  readonly where: Namespace;
  readonly family: "inet" | "bridge";
  readonly matches: readonly string[];
}

let made = 0;

/** Drops what passes at one point, or lets it pass again. */
export class Cut {
  readonly #passage: Passage;
  readonly #table: string;
  #isCut = false;

  constructor(passage: Passage) {
    this.#passage = passage;
    this.#table = `table ${passage.family} cut-${made++}`;
  }

  cut(): void {
    if (this.#isCut) return;
    this.#isCut = true;
    const rules = this.#passage.matches.map((match) => `${match} drop`);
    this.#passage.where.nft(`${this.#table} {
      chain forward { type filter hook forward priority 0; ${rules.join("; ")}; }
    }`);
  }

  heal(): void {
    if (this.#isCut) this.#passage.where.nft(`delete ${this.#table}`);
    this.#isCut = false;
  }
}
