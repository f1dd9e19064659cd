import { codeOf } from "../system-error.ts";

/** A list that the program works with. The program is told when it has changed. */
export class ProgramSetting<Item extends string | number> {
  readonly #set: (items: readonly Item[]) => void;
  readonly #refusal: string;
  /** The list that the program has; `undefined` while that is unknown. */
  #told: string | undefined;

  /** @param refusal the consequence if the kernel does not take the list. */
  constructor(set: (items: readonly Item[]) => void, refusal: string) {
    this.#set = set;
    this.#refusal = refusal;
  }

  /** Returns the consequence if the kernel refused; then the next call tries again. */
  tell(items: readonly Item[]): string | undefined {
    const text = items.join();
    if (text === this.#told) return undefined;
    try {
      this.#told = undefined;
      this.#set(items);
      this.#told = text;
      return undefined;
    } catch (error) {
      return `${this.#refusal} (${codeOf(error)})`;
    }
  }
}
