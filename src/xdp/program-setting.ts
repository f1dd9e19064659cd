import { codeOf } from "../system-error.ts";

/** A list that the program works with. The program gets it when it has changed. */
export class ProgramSetting<Item extends string | number> {
  readonly #set: (items: readonly Item[]) => void;
  readonly #refusal: string;
  /** The list that the program has; `undefined` while that is unknown. */
  #applied: string | undefined;

  /** @param refusal the consequence if the kernel does not take the list. */
  constructor(set: (items: readonly Item[]) => void, refusal: string) {
    this.#set = set;
    this.#refusal = refusal;
  }

  /** Returns the consequence if the kernel refused; then the next call tries again. */
  apply(items: readonly Item[]): string | undefined {
    const text = items.join();
    if (text === this.#applied) return undefined;
    try {
      this.#applied = undefined;
      this.#set(items);
      this.#applied = text;
      return undefined;
    } catch (error) {
      return `${this.#refusal} (${codeOf(error)})`;
    }
  }
}
