import { QuicpipeError } from "./errors.ts";

/** Returns the error for an option: its path, the value given and the allowed values. */
export function optionInvalid(path: string, value: unknown, allowed: string): QuicpipeError {
  return refusal(path, `is ${shown(value)}`, allowed);
}

/** Like {@link optionInvalid}, but shows no text: for what may be a secret, or too long to read. */
export function hiddenInvalid(path: string, value: unknown, allowed: string): QuicpipeError {
  return refusal(path, `is ${kindOf(value)}`, allowed);
}

/** Returns the error for one element of a list that is not secret, and shows that element. */
export function elementInvalid(path: string, element: unknown, allowed: string): QuicpipeError {
  return refusal(path, `holds ${shown(element)}`, allowed);
}

function refusal(path: string, fault: string, allowed: string): QuicpipeError {
  return optionError(path, `option ${path} ${fault}, but must be ${allowed}`);
}

/** Returns the error for an option, with a message of the caller's. */
export function optionError(option: string, message: string, cause?: unknown): QuicpipeError {
  return new QuicpipeError("ERR_QUICPIPE_OPTION_INVALID", message, { cause, details: { option } });
}

/**
 * Requires an options object; `undefined` counts as `{}`.
 *
 * @param path of the object, such as `forwarder`; for the options of a call its name, such as `serve(…)`.
 * @throws ERR_QUICPIPE_OPTION_INVALID for any other value, and for a name that is not in the table.
 */
export function requireOptions<Options extends object>(
  path: string,
  value: Options | undefined,
  table: OptionTable<Options>,
): Partial<Options> {
  if (value === undefined) return {};
  // What can be iterated over, such as a Map, keeps its contents elsewhere than in members.
  if (typeof value !== "object" || value === null || Symbol.iterator in value)
    throw hiddenInvalid(path, value, "an object");
  const unknown = Object.keys(value).find((name) => !Object.hasOwn(table, name));
  if (unknown !== undefined)
    throw optionError(
      joined(path, unknown),
      `option ${joined(path, unknown)} is unknown; known here are ${Object.keys(table).join(", ")}`,
    );
  return value;
}

/** A row for each option of a type. The compiler rejects any other table. */
export type OptionTable<Options> = Readonly<Record<keyof Options & string, unknown>>;

/** Lists the names of an options type: those of a table that has a row for each. */
export function namesOf<Options extends object>(table: OptionTable<Options>): (keyof Options & string)[] {
  return Object.keys(table) as (keyof Options & string)[];
}

/** The whole numbers that an option may be, and the one that it is if absent. */
export interface IntegerRange {
  readonly min: number;
  readonly max: number;
  readonly fallback: number;
}

/** Requires a whole number from `min` to `max`. Returns `fallback` for `undefined`. */
export function requireInteger(path: string, value: unknown, { min, max, fallback }: IntegerRange): number {
  if (value === undefined) return fallback;
  if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
  throw optionInvalid(path, value, `a whole number from ${min} to ${max}`);
}

/** Returns the range from `min` to `max`, without a bound above if that is absent. */
export function range(min: number, fallback: number, max: number = Number.MAX_SAFE_INTEGER): IntegerRange {
  return { min, max, fallback };
}

/** Requires whole numbers, each within the range of its name. Returns all of them. */
export function requireIntegers<Name extends string>(
  path: string,
  options: Readonly<Partial<Record<NoInfer<Name>, unknown>>>,
  ranges: Readonly<Record<Name, IntegerRange>>,
): Readonly<Record<Name, number>> {
  const values = namesOf(ranges).map((name) => [
    name,
    requireInteger(joined(path, name), options[name], ranges[name]),
  ]);
  return Object.fromEntries(values) as Record<Name, number>;
}

/** A check of one option: a range, a function from its path and value to the value that counts, or none, if it is checked elsewhere. */
export type OptionCheck<Value> = IntegerRange | ((path: string, value: Value) => unknown) | true;

/** A check for each option of a type. The compiler rejects any other table. */
export type OptionChecks<Options> = {
  readonly [Name in keyof Options & string]-?: OptionCheck<Options[Name] | undefined>;
};

/** The values that count, by the name of the option. */
export type Checked<Options, Checks> = {
  readonly [Name in keyof Checks & keyof Options]: Checks[Name] extends IntegerRange
    ? number
    : Checks[Name] extends (path: string, value: never) => infer Value
      ? Value
      : Options[Name] | undefined;
};

/** Requires an options object as {@link requireOptions} does. Returns the values that count. */
export function checkOptions<Options extends object, Checks extends OptionChecks<Options>>(
  path: string,
  value: Options | undefined,
  checks: Checks,
): Checked<Options, Checks> {
  const options = requireOptions<Options>(path, value, checks);
  const checked = namesOf<Options>(checks).map((name) => [
    name,
    checkOption(joined(path, name), options[name], checks[name]),
  ]);
  return Object.fromEntries(checked) as Checked<Options, Checks>;
}

function checkOption<Value>(path: string, value: Value, check: OptionCheck<Value>): unknown {
  if (check === true) return value;
  return typeof check === "function" ? check(path, value) : requireInteger(path, value, check);
}

/** Requires a whole number of at least 1. Returns `fallback` for `undefined`. */
export function requireFromOne(path: string, value: unknown, fallback: number): number {
  return requireInteger(path, value, range(1, fallback));
}

/** Requires `true` or `false`. Returns `fallback` for `undefined`. */
export function requireBoolean(path: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  if (typeof value === "boolean") return value;
  throw optionInvalid(path, value, "true or false");
}

/** Requires a function, or `undefined`. */
export function requireFunction<Callback>(path: string, value: Callback): Callback {
  if (value === undefined || typeof value === "function") return value;
  throw optionInvalid(path, value, "a function");
}

/** Requires one of the allowed strings. Returns the first of them for `undefined`. */
export function requireOneOf<Choice extends string>(
  path: string,
  value: unknown,
  choices: readonly [Choice, ...Choice[]],
): Choice {
  if (value === undefined) return choices[0];
  const choice = choices.find((candidate) => candidate === value);
  if (choice === undefined)
    throw optionInvalid(path, value, `one of ${choices.map((name) => `"${name}"`).join(", ")}`);
  return choice;
}

/** Requires a string that passes the test, or `undefined`. */
export function requireText(
  path: string,
  value: unknown,
  allowed: string,
  passes: (text: string) => boolean,
): string | undefined {
  if (value === undefined || (typeof value === "string" && passes(value))) return value;
  throw optionInvalid(path, value, allowed);
}

/** Requires a non-empty string or a non-empty list of them, or `undefined`. Returns a list. */
export function requireTexts(path: string, value: unknown): string[] | undefined {
  if (value === undefined) return undefined;
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0 || !list.every((text) => typeof text === "string" && text !== ""))
    throw optionInvalid(path, value, "a non-empty string or a list of such");
  return list.map(String);
}

/** Longest text shown in an error, in characters. */
const maxShown = 100;

function shown(value: unknown): string {
  if (typeof value !== "string" || value === "") return kindOf(value);
  return JSON.stringify(value.length > maxShown ? `${value.slice(0, maxShown)}…` : value);
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "string") return value === "" ? "an empty string" : "a string that does not fit";
  if (Array.isArray(value)) return "an array";
  if (typeof value !== "object") return `a ${typeof value}`;
  return Symbol.iterator in value ? "a collection" : "an object";
}

function joined(path: string, name: string): string {
  return path.endsWith("(…)") ? name : `${path}.${name}`;
}

/** Reports whether a parsed JSON value is an object, as opposed to an array, a text, a number, `true`, `false` or `null`. */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
