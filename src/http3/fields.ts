import { http3Code, type Http3Fault } from "./fault.ts";

/**
 * Fields by name, pseudo-fields with their colon; repeated fields are a list. Values are bytes as Latin-1. The object has no
 * prototype.
 */
export type Fields = Readonly<Record<string, string | readonly string[]>>;

/** More fields than the limit allows (RFC 9114 §4.2.2). */
export const tooManyFields: Http3Fault = {
  scope: "stream",
  code: http3Code.excessiveLoad,
  why: "the header fields are too long",
  status: 431,
};

/** Size that a field counts for in addition to its name and value (RFC 9114 §4.2.2), in bytes. */
const fieldOverheadBytes = 32;

/** What one section may hold. */
export interface FieldLimits {
  /** As RFC 9114 §4.2.2 counts them. */
  readonly maxBytes: number;
  /** Names of the pseudo-fields that it may have; none in trailers (RFC 9114 §4.3). */
  readonly pseudoFields: ReadonlySet<string>;
}

/** Collects the fields of one section. Checks the case and order of names, which the result no longer shows. */
export class FieldCollector {
  readonly fields: Fields;
  readonly #lists: Record<string, string | string[]>;
  readonly #pseudoFields: ReadonlySet<string>;
  #mayBePseudo = true;
  #bytesLeft: number;

  constructor(options: FieldLimits) {
    // A field may be named "__proto__".
    this.fields = this.#lists = Object.create(null) as Record<string, string | string[]>;
    this.#bytesLeft = options.maxBytes;
    this.#pseudoFields = options.pseudoFields;
  }

  add(name: string, value: string): Http3Fault | undefined {
    this.#bytesLeft -= name.length + value.length + fieldOverheadBytes;
    if (this.#bytesLeft < 0) return tooManyFields;
    const why = this.#whyMalformed(name, value);
    if (why) return { scope: "stream", code: http3Code.messageError, why, status: 400 };
    const before = this.#lists[name];
    if (before === undefined) this.#lists[name] = value;
    else if (typeof before === "string") this.#lists[name] = [before, value];
    else before.push(value);
    return undefined;
  }

  #whyMalformed(name: string, value: string): string | undefined {
    if (!isFieldValue(value)) return "a field's value is not valid";
    if (!name.startsWith(":")) {
      this.#mayBePseudo = false;
      return namePattern.test(name) ? undefined : "a field's name is not valid";
    }
    if (!this.#pseudoFields.has(name)) return "a pseudo-field is unknown, or in the wrong place";
    return this.#mayBePseudo ? undefined : "a pseudo-field is not at the beginning";
  }
}

/** A token (RFC 9110 §5.6.2) without upper case (RFC 9114 §4.2). */
const namePattern = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
/** RFC 9110 §5.5, RFC 9114 §10.3 */
const valuePattern = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Reports whether a text can be the value of a field. */
export function isFieldValue(text: string): boolean {
  return valuePattern.test(text);
}
