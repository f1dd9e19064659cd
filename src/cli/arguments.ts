import { readFileSync } from "node:fs";
import { isQuicpipeError, QuicpipeError } from "../errors.ts";
import { optionError } from "../option-checks.ts";
import { isName, maxNameBytes } from "../protocol.ts";

/** Range of a number on the command line. From 0 and without a unit by default. */
export interface NumberRange {
  readonly min?: number;
  readonly max?: number;
  /** Unit of the number, such as "seconds". */
  readonly unit?: string;
}

/**
 * Parses a whole number from the command line.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID naming the option, the value and the range.
 */
export function requireNumber(option: string, value: string, range: NumberRange = {}): number {
  const { min = 0, max, unit } = range;
  const number = /^\d{1,15}$/.test(value) ? Number(value) : NaN;
  if (number >= min && number <= (max ?? number)) return number;
  const what = unit === undefined ? "a whole number" : `a whole number of ${unit},`;
  const bounds = max === undefined ? `of at least ${min}` : `from ${min} to ${max}`;
  throw optionError(option, `${option} is ${JSON.stringify(value)}, but must be ${what} ${bounds}`);
}

/**
 * Returns a value that is a valid peer name.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID naming the option and the value.
 */
export function requireName(option: string, value: string): string {
  if (isName(value)) return value;
  throw optionError(
    option,
    `${option} is ${JSON.stringify(value)}, but must be a name of 1 to ${maxNameBytes} bytes, and not "." or ".."`,
  );
}

/**
 * Reads the file that an option names.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID naming the option, the file and the reason why it cannot be read.
 */
export function readOptionFile(option: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new QuicpipeError("ERR_QUICPIPE_OPTION_INVALID", `${option} cannot be read: ${why}`, {
      cause,
      details: { option, path },
    });
  }
}

/**
 * Returns an error about an option of the library in terms of the command line.
 *
 * @param flags the flags by the names of the options.
 */
export function inFlags(error: unknown, flags: Readonly<Record<string, string>>): unknown {
  if (!isQuicpipeError(error, "ERR_QUICPIPE_OPTION_INVALID")) return error;
  const { option } = error.details;
  // An element of a list is named with its place.
  const flag = flags[option.replace(/\[\d+\]$/, "")];
  if (flag === undefined) return error;
  const subject = error.message.startsWith("option ") ? `option ${option}` : option;
  return optionError(flag, flag + error.message.slice(subject.length), error);
}

/** Splits a comma-separated value. Ignores empty parts. */
export function listOf(value: string | undefined): string[] {
  return (value ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
