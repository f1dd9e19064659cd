import { ownBytes } from "../../../own-memory.ts";
import { parseVarint } from "../../../wire/varint.ts";

/** Largest count in a message. One that grows by one each time never gets there. */
const maxCount: number = 2 ** 32 - 1;

/**
 * Reads the fields of a control message's body one after the other. A field that is cut short or out of range reads as zero,
 * and {@link isMalformed} tells.
 */
export class BodyReader {
  readonly #body: Uint8Array;
  #at = 0;
  #isMalformed = false;

  constructor(body: Uint8Array) {
    this.#body = body;
  }

  /** Whether a field could not be read. */
  get isMalformed(): boolean {
    return this.#isMalformed;
  }

  /** Reads a variable-length integer. */
  count(): number {
    const varint = parseVarint(this.#body, this.#at);
    if (!varint || varint.value > maxCount) return this.#fail(0);
    this.#at = varint.end;
    return varint.value;
  }

  /** Reads an integer that means one of `choices`: the first, if there is none of that number. */
  choice<const T>(choices: readonly T[]): T {
    const place = this.count();
    return choices[place < choices.length ? place : 0]!;
  }

  /** Passes over so many bytes. */
  skip(length: number): void {
    const end = this.#at + length;
    if (end > this.#body.length) this.#fail(undefined);
    else this.#at = end;
  }

  /** Reads so many bytes, into memory of their own. */
  bytes(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#body.length) return this.#fail(new Uint8Array());
    const bytes = ownBytes(this.#body.subarray(this.#at, end));
    this.#at = end;
    return bytes;
  }

  /** Reads a text of so many characters, each of one byte, that has the form of `pattern`. */
  text(length: number, pattern: RegExp): string {
    const text = Buffer.from(this.bytes(length)).toString("latin1");
    return pattern.test(text) ? text : this.#fail("");
  }

  #fail<T>(value: T): T {
    this.#isMalformed = true;
    return value;
  }
}
