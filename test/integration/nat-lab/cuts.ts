import type { Namespace } from "../harness/network/namespaces.ts";
import type { Place } from "./addresses.ts";

/** Where packets from one place straight to the other pass, and what tells them there. */
export interface Passage {
  readonly where: Namespace;
  readonly family: "inet" | "bridge";
  readonly match: string;
}

/** Drops what passes at one point, or lets it pass again. */
export class Cut {
  readonly #passage: Passage;
  readonly #chain: string;

  constructor(from: Place, passage: Passage) {
    this.#passage = passage;
    this.#chain = `${passage.family} cut-${from} forward`;
    passage.where.nft(`table ${passage.family} cut-${from} {
      chain forward { type filter hook forward priority 0; }
    }`);
  }

  cut(): void {
    this.#passage.where.nft(`add rule ${this.#chain} ${this.#passage.match} drop`);
  }

  heal(): void {
    this.#passage.where.nft(`flush chain ${this.#chain}`);
  }
}
