import { codeOf } from "../system-error.ts";

/** A list that the program works by, which is told to it when it has changed. */
export class ProgramSetting<Item extends string | number> {
  readonly #set: (items: readonly Item[]) => void;
  readonly #refusal: string;
  /** What the program has; absent while that is not known. */
  #told: string | undefined;

  /** @param refusal what it means if the kernel does not take the list. */
  constructor(set: (items: readonly Item[]) => void, refusal: string) {
    this.#set = set;
    this.#refusal = refusal;
  }

  /** Says what the kernel refused, if it did; then the next call tries again. */
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
